// The console as an administrator uses it: a camera added by keys alone, edited, shared, removed and taken back;
// hostile texts in everything that is shown.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { signIn, violations } from './lib/console.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

const USER = { user: 'admin', password: 'only-in' };

let yard, hub, browser, stranger;

before(async () => {
  yard = await camera({ port: 8557, clip: 'small', auth: 'digest', ...USER });
  hub = await Hub.start(streams({ demo: 'demo' }));
  await hub.claim();
  browser = await Browser.chromium();
  await signIn(browser, hub);
  stranger = await Browser.chromium();
});
after(async () => {
  await stranger?.end();
  await browser?.end();
  await hub?.end();
  await yard?.end();
});

const focused = (page) =>
  page.run(() => {
    const { activeElement: element } = document;
    return `${element.tagName} ${element.getAttribute('name') ?? element.textContent.trim()}`;
  });

/** Goes on by Tab until what has the focus matches. */
async function tabTo(page, pattern) {
  for (let press = 0; press < 40; press++) {
    if (pattern.test(await focused(page))) return;
    await page.inner.keyboard.press('Tab');
  }
  assert.fail(`no Tab leads to ${pattern}; last was ${await focused(page)}`);
}

test('requirements 72, 74: a camera is added by keys alone, and plays', async (t) => {
  const page = await browser.open(ORIGIN);
  await page.says(/demo/);
  await tabTo(page, /^A Add a camera/);
  await page.inner.keyboard.press('Enter');
  // The address has the focus by itself.
  await until('the address is asked for', async () => /INPUT source/.test(await focused(page)));
  const { keyboard } = page.inner;
  await keyboard.type('192.168.1.20');
  await keyboard.press('Enter');
  await page.says(/starts with rtsp/);
  for (let count = 0; count < 12; count++) await keyboard.press('Backspace');
  await keyboard.type(yard.url);
  await keyboard.press('Enter');
  await page.says(/Its name, and who may watch/, 30_000);
  await tabTo(page, /^INPUT name/);
  await keyboard.down('Control');
  await keyboard.press('a');
  await keyboard.up('Control');
  await keyboard.type('yard/back');
  await keyboard.press('Enter');
  await until('its page', async () => (await page.run(() => location.pathname)) === '/yard/back');
  const video = await plays(page, 10);
  t.diagnostic(`${video.width}x${video.height} on its page`);
  assert.ok(readFileSync(hub.file, 'utf8').includes(yard.url), 'the file has it');
  assert.deepEqual(await violations(page), []);
  await page.end();
});

test('requirements 74, 81: its settings are changed, and its password is nowhere to be seen', async () => {
  const page = await browser.open(`${ORIGIN}/yard/back?edit`);
  await page.says(/Leave it empty to keep the present one with its password/);
  const all = await page.run(() => document.documentElement.outerHTML);
  assert.ok(!all.includes(USER.password), 'the password does not come out');
  await page.inner.select('[name=viewers]', 'anyone');
  await page.inner.click('[name=on_demand]');
  await page.press(/^save$/);
  await until('its page', async () => (await page.run(() => location.search)) === '');
  const stream = await hub.stream('yard/back');
  assert.deepEqual([stream.viewers, stream.on_demand, stream.source.has_password], ['anyone', true, true]);
  await plays(page, 5);
  await page.end();
});

test('requirement 74: who watches is listed and can be sent away', async () => {
  const viewer = await browser.open(`${ORIGIN}/demo`);
  await plays(viewer, 5);
  const page = await browser.open(`${ORIGIN}/demo`);
  await page.says(/Watching \(2\)/);
  await page.press(/^end the session of/);
  await viewer.says(/administrator ended/i);
  await viewer.end();
  await page.end();
});

test('requirements 74, 81: two people edit one camera: the second is told, and nothing is lost', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => browser.open(`${ORIGIN}/yard/back?edit`)));
  for (const page of [first, second]) await page.says(/delay limit/i);
  await first.inner.type('[name=delay_limit]', '750');
  await first.press(/^save$/);
  await until('the first is done', async () => (await first.run(() => location.search)) === '');
  await second.inner.select('[name=viewers]', 'grant');
  await second.press(/^save$/);
  await second.says(/Somebody changed it meanwhile/);
  assert.equal((await hub.stream('yard/back')).viewers, 'anyone', 'nothing of the second is saved');
  await second.press(/^load again$/);
  await until('what the first set', () => second.run(() => document.querySelector('[name=delay_limit]').value === '750'));
  await second.inner.select('[name=viewers]', 'grant');
  await second.press(/^save$/);
  await until('the second is done', async () => (await second.run(() => location.search)) === '');
  const stream = await hub.stream('yard/back');
  assert.deepEqual([stream.viewers, stream.delay_limit_ms], ['grant', 750]);
  await Promise.all([first.end(), second.end()]);
});

test('requirements 74, 83: a guest watches by a link until it is revoked', async (t) => {
  const page = await browser.open(`${ORIGIN}/yard/back`);
  await page.says(/guest link/i);
  await page.inner.type('[name=who]', 'Grandma');
  await page.press(/^make a link$/);
  const link = await until('a link', () =>
    page.run(() => [...document.querySelectorAll('.guest input')].map(({ value }) => value).find((value) => value.includes('#token='))));

  const guest = await stranger.open(link);
  await plays(guest, 5);
  assert.equal(await guest.run(() => location.href), `${ORIGIN}/yard/back`, 'the token is out of the address bar');
  await guest.inner.reload();
  await plays(guest, 5);
  const said = await guest.words();
  assert.ok(!/Edit|Access|Settings/.test(said), said);
  const other = await stranger.open(`${ORIGIN}/yard/back`);
  await other.says(/Not signed in/);
  await other.end();

  await page.inner.goto(`${ORIGIN}/access`, { waitUntil: 'load' });
  await page.says(/Grandma/);
  await page.press(/^revoke the access of grandma$/);
  await page.says(/The access of Grandma is revoked/);
  // Leaving the page is making up one's mind.
  await page.inner.goto(ORIGIN, { waitUntil: 'load' });
  await guest.says(/permission has ended|not signed in/i);
  t.diagnostic((await guest.words()).match(/.*permission.*|.*signed in.*/i)?.[0]);
  await Promise.all([guest.end(), page.end()]);
});

test('requirement 74: a removed camera comes back by Undo, and is gone without', async () => {
  const page = await browser.open(`${ORIGIN}/yard/back?edit`);
  await page.press(/^remove this camera$/);
  await page.says(/yard\/back is removed/);
  assert.equal((await hub.stream('yard/back')).name, 'yard/back', 'it is not gone yet');
  await page.press(/^undo$/);
  await page.says(/yard\/back/);

  await page.inner.goto(`${ORIGIN}/yard/back?edit`, { waitUntil: 'load' });
  await page.press(/^remove this camera$/);
  await page.says(/is removed/);
  // Leaving the page is making up one's mind.
  await page.inner.goto(`${ORIGIN}/demo`, { waitUntil: 'load' });
  await until('it is gone', async () => (await hub.call('GET', '/api/v1/streams/yard%2Fback')).status === 404);
  assert.ok(!readFileSync(hub.file, 'utf8').includes(yard.url));
  await page.end();
});

test('requirements 71, 74: a setting is changed in the file after its diff was read; comments stay', async () => {
  const page = await browser.open(`${ORIGIN}/settings`);
  await page.says(/takes effect at the next start/);
  await page.inner.select('[name="media.ice"]', 'lite');
  await page.press(/^review 1 change$/);
  await page.says(/^\+.*ice: lite/m);
  await page.says(/Waits for the next start: media.ice/);
  assert.ok(!readFileSync(hub.file, 'utf8').includes('ice: lite'), 'nothing is written yet');

  // Somebody else edits the file meanwhile: neither loses anything.
  const theirs = `# By hand.\n${readFileSync(hub.file, 'utf8')}`;
  writeFileSync(hub.file, theirs);
  await page.press(/^apply$/);
  await page.says(/changed meanwhile/i);
  assert.equal(readFileSync(hub.file, 'utf8'), theirs);

  await page.press(/^review 1 change$/);
  await page.press(/^apply$/);
  await page.says(/wait for the next start: media.ice/);
  const written = readFileSync(hub.file, 'utf8');
  assert.ok(written.includes('# By hand.') && written.includes('ice: lite'), written);
  assert.deepEqual(await violations(page), []);
  await page.end();
});

const HOSTILE = '<img src=x onerror="window.pwned=1">"><script>window.pwned=1</script>';

test('SEC-20: hostile texts are shown as texts: no script runs, the policy has nothing to stop', async () => {
  const source = `rtsp://${LAB}:8999/${encodeURIComponent(HOSTILE)}?a='"><svg/onload=window.pwned=1>`;
  const added = await hub.call('POST', '/api/v1/streams', { name: 'hostile', source });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const token = { name: HOSTILE.slice(0, 100), streams: ['hostile'], guest: true };
  assert.equal((await hub.call('POST', '/api/v1/tokens', token)).status, 201);
  const pages = ['/', '/hostile', '/hostile?edit', '/access', '/log', '/settings', `/login?to=${encodeURIComponent(HOSTILE)}`];
  for (const path of pages) {
    const page = await browser.open(ORIGIN + path);
    await page.says(/hostile|sign/i);
    await page.inner.waitForSelector('main h1');
    assert.equal(await page.run(() => window.pwned), undefined, path);
    assert.deepEqual(await violations(page), [], path);
    await page.end();
  }
});
