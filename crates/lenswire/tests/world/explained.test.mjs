// Causes that are planted, one by one, and read in words: on the page, in the API, in the session.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera, hostile } from './lib/camera.mjs';
import { Hub, MEDIA_PORT, ORIGIN, streams } from './lib/hub.mjs';
import * as net from './lib/net.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

const FIRST_PORT = 8620;

// What the camera does, what it is called, and what the page says of it.
const CAMERAS = {
  'not-rtsp': ['camera_not_rtsp', /does not speak RTSP/],
  closes: ['camera_closed', /closed the connection/],
  hang: ['camera_silent', /sends no picture/],
  'not-found': ['camera_not_found', /no stream at that path/],
  forbidden: ['camera_forbidden', /may not watch/],
  busy: ['camera_busy', /serves no more viewers/],
  'server-error': ['camera_error', /answered with an error/],
  'redirect-loop': ['camera_redirects', /redirects too often/],
  'no-video': ['camera_no_video', /has no video/],
  'odd-codec': ['camera_codec_unsupported', /cannot forward this codec/],
  'no-keyframe': ['no_keyframe', /No keyframe/],
};

let planted, gate, stubborn, modern, hub, browser;

before(async () => {
  const modes = Object.keys(CAMERAS);
  planted = await Promise.all(modes.map((mode, i) => hostile(mode, FIRST_PORT + i)));
  gate = await camera({ port: 8554 });
  stubborn = await camera({ port: 8558, transport: 'udp' });
  modern = await camera({ port: 8559, clip: 'h265', codec: 'h265' });
  const sources = Object.fromEntries(modes.map((mode, i) => [mode, planted[i].url]));
  hub = await Hub.start(streams({
    ...sources,
    gate: gate.url,
    unnamed: 'rtsp://no-such-camera.invalid/s',
    stubborn: { source: stubborn.url, transport: 'tcp' },
    modern: modern.url,
  }));
  await hub.claim();
  browser = await Browser.chromium();
});
afterEach(() => net.restore());
after(async () => {
  await browser?.end();
  await hub?.end();
  for (const one of [...(planted ?? []), gate, stubborn, modern]) await one?.end();
});

async function read(name, code, words) {
  const page = await browser.open(`${ORIGIN}/${name}`);
  await page.press(/^(connect|play)$/, 300).catch(() => {});
  await page.says(words, 20_000);
  await page.end();
  if (code === 'no_keyframe') return; // the session's, told to who watches
  const problem = await hub.problem(name, code);
  assert.ok(problem.detail && problem.fix, JSON.stringify(problem));
}

for (const [mode, [code, words]] of Object.entries(CAMERAS)) {
  test(`requirements 59, 60: a camera that is "${mode}" is called ${code}`, () => read(mode, code, words));
}

test('requirement 60: a name that has no address', () => read('unnamed', 'camera_dns_failed', /name is unknown/));

test('requirement 58: a transport that the camera refuses (461)', () =>
  read('stubborn', 'camera_transport_refused', /refuses this transport/));

test('requirement 78: H.265 in a browser that has no decoder for it', async () => {
  await hub.state('modern', 'live');
  const page = await browser.open(`${ORIGIN}/modern`);
  await page.says(/No codec in common/, 20_000);
  await page.end();
});

/** What the hub says of the only session, once it says this. */
function session(code) {
  return until(`a session's reason is ${code}`, async () => {
    const { body } = await hub.call('GET', '/api/v1/sessions');
    const found = body.items.find(({ reason }) => reason?.code === code);
    if (!found) throw new Error(JSON.stringify(body.items));
    return found;
  });
}

test('B5: the media port is closed; the page says that nothing arrives, and at which address', async () => {
  net.drop(`udp dport ${MEDIA_PORT}`, `tcp dport ${MEDIA_PORT}`);
  const page = await browser.open(`${ORIGIN}/gate`);
  await page.says(/Nothing from the viewer arrives/, 20_000);
  const { reason } = await session('media_unreachable');
  assert.match(reason.detail, new RegExp(`port ${MEDIA_PORT}`));
  assert.match(reason.fix, /Let UDP and TCP port/);
  net.restore();
  await plays(page, 10, 40_000);
  assert.doesNotMatch(await page.words(), /Nothing from the viewer/, 'the words are gone when it plays');
  await page.end();
});

test('B5: only the way back is closed; that is told apart', async () => {
  net.drop(`udp sport ${MEDIA_PORT}`, `tcp sport ${MEDIA_PORT}`);
  const page = await browser.open(`${ORIGIN}/gate`);
  const { reason } = await session('ice_failed');
  assert.match(reason.detail, /viewer's packets arrive/);
  await page.says(/packets arrive/, 20_000);
  await page.end();
});

test('B5: TCP in place of UDP plays, and the API says so', async () => {
  net.dropUdp(MEDIA_PORT);
  const page = await browser.open(`${ORIGIN}/gate`);
  await plays(page, 10, 30_000);
  const { body } = await hub.call('GET', '/api/v1/sessions');
  const codes = body.items.flatMap(({ warnings }) => warnings.map(({ code }) => code));
  assert.ok(codes.includes('media_over_tcp'), JSON.stringify(body.items));
  await page.end();
});
