// When nothing plays, the page says why and what to do.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB } from './lib/places.mjs';
import { stays } from './lib/until.mjs';

let hub, browser, locked, bent;

before(async () => {
  locked = await camera({ port: 8554, user: 'admin', password: 'right' });
  bent = await camera({ port: 8557, clip: 'bframes' });
  hub = await Hub.start(streams({
    locked: locked.url.replace('right', 'wrong'),
    forgot: locked.url.replace('admin:right@', ''),
    bent: bent.url,
    nobody: `rtsp://${LAB}:8999/cam`,
    silent: 'rtsp://10.9.0.77/cam',
  }));
  await hub.claim();
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await locked?.end();
  await bent?.end();
});

/** Opens a stream's page and answers what it says of the problem; the API must have it by that code. */
async function says(t, name, code, pattern) {
  const problem = await hub.problem(name, code, 30_000);
  const page = await browser.open(`${ORIGIN}/${name}`);
  await page.press(/^(connect|play)$/, 300).catch(() => {}); // where the page waits to be asked
  await page.says(pattern, 20_000);
  // For good: the player reports each second, and the camera is tried again meanwhile.
  await stays(`the page says ${pattern}`, async () => pattern.test(await page.words()));
  t.diagnostic(`${problem.code}: ${problem.detail} ${problem.fix}`);
  await page.end();
  return problem;
}

test('requirement 59: a wrong password is called that, with the user it was', async (t) => {
  const problem = await says(t, 'locked', 'camera_wrong_password', /wrong password/i);
  assert.match(problem.detail, /admin/);
  assert.ok(!JSON.stringify(problem).includes('wrong@'), 'the password itself is nowhere');
});

test('requirement 59: a forgotten password is called that', async (t) => {
  await says(t, 'forgot', 'camera_password_missing', /password/i);
});

test('A6: B-frames are named, with the setting to change', async (t) => {
  await says(t, 'bent', 'b_frames', /B-frames/i);
});

test('requirement 60: nobody listens there', async (t) => {
  await says(t, 'nobody', 'camera_refused', /refused/i);
});

test('requirement 60: nobody answers there', async (t) => {
  const problem = await hub.stream('silent');
  t.diagnostic(JSON.stringify(problem.state));
  const page = await browser.open(`${ORIGIN}/silent`);
  await page.press(/^(connect|play)$/, 300).catch(() => {});
  await page.says(/reach|answer|network/i, 20_000);
  await page.end();
});

test('a stream that does not exist is called that', async () => {
  const page = await browser.open(`${ORIGIN}/nowhere`);
  await page.press(/^(connect|play)$/, 300).catch(() => {});
  await page.says(/no such stream|not found/i);
  await page.end();
});
