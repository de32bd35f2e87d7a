// What a stranger sees first: no configuration, no camera, one command.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { Hub, ORIGIN } from './lib/hub.mjs';
import { plays } from './lib/player.mjs';
import { stamp } from './lib/picture.mjs';
import { until } from './lib/until.mjs';

let hub, browser;
before(async () => {
  hub = await Hub.demo();
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
});

test('requirement 72: the Connect button plays the demo camera, which is live', async (t) => {
  const page = await browser.open(`${ORIGIN}/`);
  await page.press(/^connect( demo)?$/);
  await plays(page, 30);
  const video = await page.video();
  assert.equal(`${video.width}x${video.height}`, '1280x720');

  // The picture carries the time it was made at, in cells: two looks must tell two times, and both be recent.
  const first = await until('a readable stamp', () => stamp(page));
  await plays(page, 15);
  const second = await until('a readable stamp', () => stamp(page));
  assert.ok(second.made > first.made, `${second.made} after ${first.made}`);
  const delay = second.read - second.made;
  assert.ok(delay > 0 && delay < 5000, `the picture is ${delay} ms old: it is not live`);
  t.diagnostic(`1280x720, ${delay} ms from pixel made to pixel read`);
});

test('requirement 65: the demo camera ticks, in Opus', async (t) => {
  const page = await browser.open(`${ORIGIN}/demo`);
  await plays(page, 10);
  await page.press(/^sound on$/);
  const heard = await until('a tick', async () => {
    const [peer] = await page.stats();
    return peer.energy > 0 && peer;
  });
  assert.equal(heard.audioCodec, 'audio/opus');
  t.diagnostic(`${heard.codec} and ${heard.audioCodec}, ${heard.audioReceived} packets of sound`);
  await page.end();
});

test('on demand: nobody watches, nothing is encoded; somebody watches again, it plays', async () => {
  await hub.claim();
  const page = await browser.open(`${ORIGIN}/demo`);
  await plays(page, 10);
  for (const open of await browser.inner.pages()) if (open !== page.inner) await open.close();
  await page.inner.goto('about:blank');
  await hub.state('demo', 'idle', 30_000);
  await page.inner.goto(`${ORIGIN}/demo`);
  await plays(page, 10);
});
