// Viewers of other kinds, and many of them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { allPlay, elsewhere, watch } from './lib/embed.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB, PARTS } from './lib/places.mjs';
import { plays } from './lib/player.mjs';
import { Child } from './lib/process.mjs';
import { RELAY_ONLY, turn } from './lib/turn.mjs';
import { until } from './lib/until.mjs';

const MANY = 30;

let gate, small, hub, browser, site;

before(async () => {
  gate = await camera({ port: 8554 });
  small = await camera({ port: 8557, clip: 'small' });
  hub = await Hub.start(streams({ gate: gate.url, small: small.url }));
  await hub.claim();
  browser = await Browser.chromium();
  site = await elsewhere();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await site?.end();
  await Promise.all([gate, small].map((one) => one?.end()));
});

test('requirements 64, 66: GStreamer is a second viewer, by WHEP, beside a browser', async (t) => {
  const page = await browser.open(`${ORIGIN}/gate`);
  await plays(page, 5);
  const viewer = new Child('/usr/bin/python3', [`${PARTS}whep_viewer.py`, `${ORIGIN}/gate/whep`, '60']);
  const [said] = await viewer.said(/frames \d+ .*/, 30_000);
  assert.match(said, /640x360/);
  await page.plays(5);
  await viewer.exited;
  const left = await until('its session is gone', async () => {
    const { body } = await hub.call('GET', '/api/v1/sessions');
    return body.items.length === 1 && body.items;
  });
  t.diagnostic(`webrtcbin: ${said}; sessions left: ${left.length}`);
  await page.end();
});

test(`requirement 97: ${MANY} viewers at once, from anybody's page`, async (t) => {
  const page = await browser.open(site.origin);
  for (let viewer = 0; viewer < MANY; viewer++) await watch(page, `${ORIGIN}/small/whep`);
  const frames = await allPlay(page, MANY, 30);
  const { body } = await hub.call('GET', '/api/v1/sessions');
  assert.equal(body.items.filter(({ stream, state }) => stream === 'small' && state === 'connected').length, MANY);
  const stream = await hub.stream('small');
  assert.equal(stream.stats.watching, MANY);
  t.diagnostic(`least frames ${Math.min(...frames)}, most ${Math.max(...frames)}; hub ${hub.memory() >> 20} MiB`);
  await page.end();
  await until('its sessions are freed', async () => {
    const { body } = await hub.call('GET', '/api/v1/sessions');
    return body.items.every(({ stream }) => stream !== 'small');
  }, 40_000);
});

test('requirement 64: a viewer that may only use a relay plays through coturn', async (t) => {
  const relay = await turn();
  t.after(() => relay.end());
  const page = await browser.open(`${ORIGIN}/gate`, { rtc: RELAY_ONLY });
  await plays(page, 25);
  const [peer] = await page.stats();
  assert.equal(peer.local.type, 'relay');
  assert.equal(peer.local.relayProtocol, 'udp');
  t.diagnostic(`${peer.frames} frames by relay ${peer.local.address ?? LAB}:${peer.local.port}`);
  await page.end();
});

test('requirement 64: a viewer with IPv6 alone', async (t) => {
  const page = await browser.open(site.origin);
  const { sdp } = await watch(page, `${ORIGIN}/gate/whep`);
  await allPlay(page, 1, 1);
  const six = sdp.split('\r\n').filter((line) => /^a=candidate:.* fd09::2 /i.test(line));
  assert.ok(six.length > 0, 'the answer announces the IPv6 address');
  // Only the IPv6 candidates are given to this peer.
  await page.run(async (url) => {
    const peer = new RTCPeerConnection();
    const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
    document.body.append(video);
    peer.ontrack = ({ streams: [stream], track }) => (video.srcObject = stream ?? new MediaStream([track]));
    peer.addTransceiver('video', { direction: 'recvonly' });
    await peer.setLocalDescription();
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription.sdp });
    const lines = (await answer.text()).split('\r\n');
    const sdp = lines.filter((line) => !line.startsWith('a=candidate:') || line.includes(' fd09::2 ')).join('\r\n');
    await peer.setRemoteDescription({ type: 'answer', sdp });
  }, `${ORIGIN}/gate/whep`);
  await allPlay(page, 2, 25);
  const peers = await page.stats();
  assert.match(peers[1].remote.address, /^fd09::2$/);
  t.diagnostic(`${peers[1].frames} frames over ${peers[1].remote.address}`);
  await page.end();
});
