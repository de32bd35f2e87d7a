// Every page at phone and desk size, dark and light: no accessibility violation, nothing from elsewhere, and pictures to look at.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { folder, LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = {
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  desk: { width: 1440, height: 900 },
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

const PAGES = {
  streams: '/',
  playing: '/demo',
  problem: '/nobody',
  missing: '/no-such-stream',
  claim: '/claim',
  login: '/login',
};

for (const [name, path] of Object.entries(PAGES)) {
  test(`requirement 72: the ${name} page, phone and desk, dark and light`, async (t) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const dark of [true, false]) {
        const page = await browser.open(ORIGIN + path, { viewport, dark });
        const from = [];
        page.inner.on('request', (request) => from.push(request.url()));
        if (name === 'playing') await plays(page, 10);
        if (name === 'problem') await page.says(/refused|reach/i, 20_000);
        await page.says(/./);
        const file = `${folder('screenshots')}/${name}-${size}-${dark ? 'dark' : 'light'}.png`;
        writeFileSync(file, await page.inner.screenshot());

        await page.run(AXE);
        const { violations } = await page.run(async () => {
          const found = await window.axe.run(document, { resultTypes: ['violations'] });
          return { violations: found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 300)}`) };
        });
        assert.deepEqual(violations, [], `${name} ${size} ${dark ? 'dark' : 'light'}`);
        const wide = await page.run(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${name} ${size}: ${wide} px wider than the screen`);
        const foreign = from.filter((url) => !url.startsWith(ORIGIN) && !/^(data|blob):/.test(url));
        assert.deepEqual(foreign, [], 'nothing is fetched from anywhere else');
        const errors = page.console.filter((line) => /^pageerror|Content Security Policy|TrustedHTML/.test(line));
        assert.deepEqual(errors, []);
        await page.end();
      }
    }
    t.diagnostic(`looked at in ${folder('screenshots')}`);
  });
}
