// Every page at phone and desk size, dark and light: no accessibility violation, nothing from elsewhere, and pictures to look at.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { signIn, violations } from './lib/console.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { folder, LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = {
  // Neither mobile nor touch: puppeteer loads a page anew to change those.
  phone: { width: 390, height: 844, deviceScaleFactor: 2 },
  desk: { width: 1440, height: 900, deviceScaleFactor: 1 },
};

let gate, hub, browser;

before(async () => {
  gate = await camera({ port: 8554 });
  hub = await Hub.start(streams({ gate: gate.url, nobody: `rtsp://${LAB}:8999/cam`, demo: 'demo:' }));
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await gate?.end();
});

/** What strangers see. */
const OPEN = {
  streams: '/',
  playing: '/demo',
  problem: '/nobody',
  missing: '/no-such-stream',
  claim: '/claim',
  login: '/login',
  'for-administrators': '/settings',
};

/** What the administrator sees. */
const OWN = {
  wall: '/',
  'own-playing': '/demo',
  add: '/add',
  edit: '/gate?edit',
  access: '/access',
  settings: '/settings',
  log: '/log',
};

/** Until a page has what is to be looked at. */
async function ready(page, name) {
  if (name.endsWith('playing')) await plays(page, 10);
  if (name.endsWith('problem')) await page.says(/refused|reach/i, 20_000);
  await page.inner.waitForSelector('main h1');
  await page.run(() => document.fonts.ready.then(() => true));
}

/** Accessible, as wide as the screen, on its own, and within its policy. */
async function holds(page, what) {
  await page.run(AXE);
  const found = await page.run(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 300)}`);
  });
  assert.deepEqual(found, [], what);
  const wide = await page.run(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what}: ${wide} px wider than the screen`);
  assert.deepEqual(await violations(page), [], what);
}

/** One page in both sizes and both themes, opened once. */
async function look(name, path) {
  const page = await browser.open(ORIGIN + path, { viewport: SIZES.desk, dark: true });
  const from = [];
  page.inner.on('request', (request) => from.push(request.url()));
  await ready(page, name);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.inner.setViewport(viewport);
    for (const theme of ['dark', 'light']) {
      await page.inner.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
      const what = `${name}-${size}-${theme}`;
      writeFileSync(`${folder('screenshots')}/${what}.png`, await page.inner.screenshot());
      await holds(page, what);
    }
  }
  const foreign = from.filter((url) => !url.startsWith(ORIGIN) && !/^(data|blob):/.test(url));
  assert.deepEqual(foreign, [], 'nothing is fetched from anywhere else');
  await page.end();
}

describe('requirement 72: pages at phone and desk size, dark and light, for everybody', () => {
  for (const [name, path] of Object.entries(OPEN)) test(name, () => look(name, path));
});

describe('requirements 72, 74: the same for the administrator', () => {
  before(async () => {
    await hub.claim();
    await signIn(browser, hub);
  });
  for (const [name, path] of Object.entries(OWN)) test(name, () => look(name, path));
});
