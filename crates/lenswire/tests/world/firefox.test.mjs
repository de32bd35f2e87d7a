// Another browser engine, and one without H.264 in WebRTC: it plays what it can and says why it can't.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { showsBars } from './lib/picture.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

let vp8, h264, hub, browser;

before(async () => {
  vp8 = await camera({ clip: 'vp8', codec: 'vp8', port: 8554, audio: 'opus' });
  h264 = await camera({ port: 8557 });
  hub = await Hub.start(streams({ eight: vp8.url, gate: h264.url }));
  browser = await Browser.firefox();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await vp8?.end();
  await h264?.end();
});

test('requirements 79, 92: Firefox plays a VP8 camera', async (t) => {
  const page = await browser.open(`${ORIGIN}/eight`);
  await plays(page, 25, 30_000);
  await until('seven colour bars', () => showsBars(page));
  const [peer] = await page.stats();
  assert.equal(peer.codec, 'video/VP8');
  t.diagnostic(`${peer.frames} frames, bars match`);
  await page.end();
});

test('A6: on an H.264 camera, a Firefox without H.264 says so instead of showing black', async (t) => {
  const page = await browser.open(`${ORIGIN}/gate`);
  await page.press(/^(connect|play)$/, 300).catch(() => {}); // where the page waits to be asked
  const [words] = await page.says(/.*(cannot decode|no codec in common).*/i);
  t.diagnostic(`the page says: ${words}`);
  await page.end();
});
