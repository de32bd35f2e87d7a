// Pictures for the documentation, from the real thing: tools/screenshots.

import { writeFileSync } from 'node:fs';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';

const [target] = process.argv.slice(2);
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const gate = await camera();
const hub = await Hub.start(streams({ demo: 'demo:', gate: gate.url, yard: `rtsp://${LAB}:8999/stream1` }));
const browser = await Browser.chromium();

/** Opens a page, waits for `ready`, keeps its picture. */
async function shoot(name, path, viewport, ready) {
  const page = await browser.open(ORIGIN + path, { viewport, dark: true });
  await ready(page);
  writeFileSync(`${target}/${name}.png`, await page.inner.screenshot());
  console.log(`${target}/${name}.png`);
  await page.end();
}

// Long enough for the figures in the overlay to settle.
const settled = (page) => plays(page, 120, 30_000);
await shoot('playing', '/demo', DESK, settled);
await shoot('playing-phone', '/demo', PHONE, settled);
await shoot('streams', '/', DESK, async (page) => {
  await page.says(/refused|retrying/i);
  await page.press(/^all live$/);
  for (const tile of [0, 1]) await page.plays(30, 30_000, tile);
});
await shoot('problem-phone', '/yard', PHONE, (page) => page.says(/refused/i));

await browser.end();
await hub.end();
await gate.end();
