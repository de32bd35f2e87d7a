// `lenswire doctor` and a real relay: the password that viewers will use is tried.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { BINARY, folder, LAB } from './lib/places.mjs';
import { RELAY_ONLY, TURN_PORT, turn } from './lib/turn.mjs';

let relay, data;

before(async () => {
  relay = await turn();
  data = mkdtempSync(`${folder('hubs')}/`);
});
after(async () => {
  await relay?.end();
  if (data) rmSync(data, { recursive: true, force: true });
});

/** What the doctor says of these servers. */
function relays(...servers) {
  writeFileSync(`${data}/lenswire.yaml`, JSON.stringify({ ice_servers: servers }));
  let told;
  try {
    told = execFileSync(BINARY, ['doctor', '--json', '--data', data], { encoding: 'utf8' });
  } catch (failed) {
    told = failed.stdout; // it exits with 1 when something fails
  }
  return JSON.parse(told).checks.filter(({ check }) => check === 'relay');
}

test('a relay that relays, by UDP and TCP, is called well, and STUN beside it', () => {
  const [server] = RELAY_ONLY.iceServers;
  const urls = [server.urls, server.urls.replace('udp', 'tcp'), `stun:${LAB}:${TURN_PORT}`];
  const found = relays({ ...server, urls });
  assert.deepEqual(found.map(({ verdict }) => verdict), ['ok', 'ok', 'ok'], JSON.stringify(found));
});

test('a wrong password is told from a server that is not there', () => {
  const [server] = RELAY_ONLY.iceServers;
  const [wrong, gone] = relays({ ...server, credential: 'no' }, { ...server, urls: `turn:${LAB}:3999` });
  assert.match(wrong.detail, /refuses username and credential/);
  assert.match(gone.detail, /does not answer/);
  assert.ok(wrong.fix && gone.fix);
});
