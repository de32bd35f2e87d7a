// Pictures for the documentation, from the real thing: tools/screenshots.

import { writeFileSync } from 'node:fs';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { signIn } from './lib/console.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';

const [target] = process.argv.slice(2);
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const gate = await camera();
const porch = await camera({ port: 8557, clip: 'small', user: 'admin', password: 'secret' });
const hub = await Hub.start(streams({ demo: 'demo', gate: gate.url, yard: `rtsp://${LAB}:8999/stream1` }));
await hub.claim();
const browser = await Browser.chromium();

/** Opens a page, waits for `ready`, keeps its picture. */
async function shoot(name, path, viewport, ready, { dark = true, whole = false } = {}) {
  const page = await browser.open(ORIGIN + path, { viewport, dark });
  await ready(page);
  writeFileSync(`${target}/${name}.png`, await page.inner.screenshot({ fullPage: whole }));
  console.log(`${target}/${name}.png`);
  await page.end();
}

// Long enough for the figures in the overlay to settle.
const settled = (page) => plays(page, 120, 30_000);
/** Fills the address in and lets the hub look. */
const probe = (url) => async (page) => {
  await page.inner.type('[name=source]', url);
  await page.inner.keyboard.press('Enter');
  await page.says(/Its name, and who may watch|Copy diagnostics/, 30_000);
};

await shoot('playing-phone', '/demo', PHONE, settled);
await shoot('problem-phone', '/yard', PHONE, (page) => page.says(/refused/i));
await signIn(browser, hub);
await shoot('playing', '/demo', DESK, settled);
await shoot('streams', '/', DESK, async (page) => {
  await page.says(/refused|retrying/i);
  await page.press(/^all live$/);
  for (const tile of [0, 1]) await page.plays(30, 30_000, tile);
});
await shoot('stream', '/demo', DESK, settled, { whole: true });
await shoot('add', '/add', DESK, probe(porch.url), { dark: false, whole: true });
await shoot('add-problem', '/add', DESK, probe(porch.url.replace('secret', 'guess')), { whole: true });
await shoot('access', '/access', DESK, async (page) => {
  await page.press(/^make it$/);
  await page.press(/^qr code for/);
  await page.inner.waitForSelector('.qr path[d^=M]');
});
await shoot('settings', '/settings', DESK, async (page) => {
  await page.inner.waitForSelector('[name="media.ice"]');
  await page.inner.select('[name="media.ice"]', 'lite');
  await page.press(/^review 1 change$/);
  await page.inner.waitForSelector('.diff');
  await page.run(() => document.querySelector('.review').scrollIntoView({ block: 'center' }));
});
await shoot('log', '/log', DESK, (page) => page.says(/gate/));

await browser.end();
await hub.end();
await gate.end();
await porch.end();
