// What an operator does while people watch: edits, adds, removes, restarts.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

const COMMENT = '# The gate camera, behind the hedge.';

let gate, yard, hub, browser, watching;

before(async () => {
  gate = await camera({ port: 8554 });
  yard = await camera({ port: 8557, clip: 'small' });
  hub = await Hub.start(streams({ gate: gate.url }).replace('streams:', `${COMMENT}\nstreams:`));
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await Promise.all([gate, yard].map((one) => one?.end()));
});

test('requirement 88: the claim link, by hand: it signs in once, and never again', async (t) => {
  const secret = await hub.secret();
  const page = await browser.open(`${ORIGIN}/claim#${secret}`);
  await page.press(/^claim$/);
  await until('signed in', async () => {
    const me = await page.run(async () => (await fetch('/api/v1/me')).json());
    return me.role === 'administrator' && me.claimed;
  });
  const cookies = await browser.inner.cookies();
  const session = cookies.find(({ name }) => name.endsWith('lenswire'));
  assert.ok(session.httpOnly, 'the cookie is out of reach for scripts');
  assert.match(session.sameSite, /Lax/i);

  const second = await hub.call('POST', '/api/v1/claim', { secret });
  assert.equal(second.status, 410);
  assert.equal(second.body.code, 'claim_used');
  t.diagnostic(`second use: ${second.body.title}`);
  await page.end();
});

test('requirements 73, 81: the API adds and removes a stream, kept in the file with its comments', async () => {
  watching = await browser.open(`${ORIGIN}/gate`);
  await plays(watching, 5);
  const api = (method, path, body) =>
    watching.run(async (method, path, body) => {
      const answer = await fetch(path, {
        method,
        headers: body ? { 'content-type': 'application/json' } : {},
        body: body && JSON.stringify(body),
      });
      return { status: answer.status, location: answer.headers.get('location'), body: await answer.text() };
    }, method, path, body);

  const added = await api('POST', '/api/v1/streams', { name: 'yard/back', source: yard.url, viewers: 'anyone' });
  assert.equal(added.status, 201, added.body);
  assert.match(added.location, /\/api\/v1\/streams\/yard%2Fback$/);
  const page = await browser.open(`${ORIGIN}/yard/back`);
  await plays(page, 10);
  await page.end();
  const file = readFileSync(hub.file, 'utf8');
  assert.ok(file.includes(COMMENT), file);
  assert.ok(file.includes(yard.url), file);

  await watching.plays(5);
  assert.equal((await api('DELETE', '/api/v1/streams/yard%2Fback')).status, 204);
  assert.ok(readFileSync(hub.file, 'utf8').includes(COMMENT));
  assert.ok(!readFileSync(hub.file, 'utf8').includes(yard.url));
  assert.equal((await api('GET', '/api/v1/streams/yard%2Fback')).status, 404);
  await watching.plays(5);
});

test('requirement 71: the file is edited by hand while people watch; only what changed restarts', async () => {
  const peers = (await watching.stats()).length;
  const edited = readFileSync(hub.file, 'utf8').trimEnd();
  writeFileSync(hub.file, `${edited}\n  porch:\n    source: ${yard.url}\n    viewers: anyone\n`);
  const page = await until('the new stream is served', () => browser.open(`${ORIGIN}/porch`));
  await plays(page, 10);
  await page.end();
  await watching.plays(10);
  assert.equal((await watching.stats()).length, peers, 'who watched before never connected anew');

  // A mistake in the file changes nothing that runs, and is told with its place.
  writeFileSync(hub.file, `${edited}\n  porch:\n    sauce: ${yard.url}\n`);
  await until('the mistake is logged with its place', () => /sauce[\s\S]{0,200}(line|:\d+:\d+)|(line|:\d+:\d+)[\s\S]{0,200}sauce/.test(hub.log));
  await watching.plays(10);
  writeFileSync(hub.file, `${edited}\n`);
});

test('D1, C5: the hub is killed and started again; the page plays on by itself', async (t) => {
  await watching.plays(5);
  await hub.kill();
  await watching.says(/connect|reach|retry|lost|again/i);
  await hub.run();
  await watching.plays(10, 40_000);
  t.diagnostic('playing again without a reload');
});

test('D2: it stops at once when asked, while people watch', async () => {
  await plays(watching, 5, 30_000);
  hub.process.process.kill('SIGTERM');
  const [code] = await hub.process.exited;
  assert.equal(code, 0);
  await hub.run();
});
