// `lenswire serve --lan`: the hub's own certificate authority, as a phone in the same network meets it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { allPlay, watch } from './lib/embed.mjs';
import { get, trust } from './lib/https.mjs';
import { BINARY, folder, LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';
import { Child } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const PLAIN = `http://${LAB}:8080`;
const SECURE = `https://${LAB}:8443`;
const data = mkdtempSync(`${folder('hubs')}/`);
const env = { ...process.env, LENSWIRE_DATA: data };

let hub, browser, ca;

async function run() {
  hub = new Child(BINARY, ['serve', '--lan', '--log-format', 'json'], { env, cwd: data });
  await hub.said(/Lenswire is ready/);
}

before(async () => {
  await run();
  ca = (await get(`${PLAIN}/install/lenswire.crt`)).body;
  browser = await Browser.chromium([], (home) => trust(home, ca));
});
after(async () => {
  await browser?.end();
  await hub?.end();
});

test('requirement 88: over plain HTTP there is the install page alone; everything else leads to HTTPS', async () => {
  const page = await get(`${PLAIN}/install`, { headers: { 'accept-language': 'en' } });
  assert.equal(page.status, 200);
  const fingerprint = hub.output.match(/"fingerprint":"([0-9A-F:]+)"/)[1];
  assert.ok(page.body.includes(fingerprint), 'it names the fingerprint that was printed at the start');
  assert.match(hub.output, new RegExp(`"install":"${PLAIN}/install"`));
  assert.match((await get(`${PLAIN}/install/lenswire.mobileconfig`)).body, /com\.apple\.security\.root/);
  for (const path of ['/', '/demo', '/api/v1/streams?x=1', '/demo/whep', '/install/local-ca.json']) {
    const led = await get(PLAIN + path);
    assert.deepEqual([led.status, led.headers.location], [308, SECURE + path]);
    assert.equal(led.headers['set-cookie'], undefined);
  }
  const foreign = await get(`${PLAIN}/`, { headers: { host: 'evil.example' } });
  assert.equal(foreign.status, 421, 'a name that is not ours leads nowhere');
});

test('requirements 72, 88: a browser that installed it plays: page, WebSocket and WHEP over TLS', async () => {
  const page = await browser.open(`${SECURE}/demo`);
  assert.equal(await page.run(() => isSecureContext), true, 'so a phone gives its camera');
  await plays(page, 10);
  const other = await browser.open(`${SECURE}/login`);
  await watch(other, `${SECURE}/demo/whep`);
  await allPlay(other, 1, 10);
});

test('requirement 88: the session is a __Host- cookie, and no LAN name is pinned to HTTPS', async () => {
  const secret = readFileSync(`${data}/claim`, 'utf8').trim().split('#')[1];
  const page = await browser.open(`${SECURE}/claim#${secret}`);
  await page.press(/^claim$/);
  const cookie = await until('the cookie', async () => (await browser.inner.cookies()).find(({ name }) => name === '__Host-lenswire'));
  assert.ok(cookie.secure && cookie.httpOnly);
  const answer = await get(`${SECURE}/`, { ca });
  assert.equal(answer.headers['strict-transport-security'], undefined);
});

test('requirement 88: who did not install it is warned; who did is not after a restart either', async () => {
  const stranger = await Browser.chromium();
  await assert.rejects(stranger.open(`${SECURE}/demo`), /ERR_CERT_AUTHORITY_INVALID/);
  await stranger.end();
  await hub.end();
  await run();
  assert.equal((await get(`${SECURE}/healthz`, { ca })).status, 200, 'the authority is the same one');
  const health = spawnSync(BINARY, ['health', '--lan'], { env, encoding: 'utf8' });
  assert.equal(health.status, 0, health.stderr);
});

test('requirement 88: a damaged authority and a taken port are told in words', async () => {
  await hub.end();
  const file = `${data}/local-ca.json`;
  const kept = readFileSync(file, 'utf8');
  writeFileSync(file, '{}');
  const broken = spawnSync(BINARY, ['serve', '--lan'], { env, encoding: 'utf8' });
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /local-ca\.json is damaged: remove it/);
  writeFileSync(file, kept);
  const unwell = spawnSync(BINARY, ['health', '--lan'], { env, encoding: 'utf8' });
  assert.equal(unwell.status, 1);
  assert.match(unwell.stderr, /the hub at 0\.0\.0\.0:8443 is not well/);
});
