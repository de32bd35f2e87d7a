// Cameras of three makes, each by the transport, password scheme and codecs it insists on, seen and heard in Chromium.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera, vlc } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { pitch } from './lib/in-page.mjs';
import { showsBars } from './lib/picture.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

const parts = [];
let hub, browser;

before(async () => {
  const secret = { user: 'admin', password: 'p@ss:word' };
  const tcp = await part(camera({ port: 8554, transport: 'tcp', audio: 'pcma' }));
  const udp = await part(camera({ port: 8557, transport: 'udp', audio: 'opus', user: 'admin', password: 'digest' }));
  const awkward = await part(vlc({ port: 8556 }));
  const locked = await part(camera({ port: 8558, transport: 'tcp', audio: 'pcmu', ...secret, auth: 'digest' }));
  const aac = await part(camera({ port: 8559, transport: 'tcp', audio: 'aac16' }));
  const vp9 = await part(camera({ port: 8560, transport: 'tcp', clip: 'vp9', codec: 'vp9' }));
  const h265 = await part(camera({ port: 8561, transport: 'tcp', clip: 'h265', codec: 'h265' }));
  const second = await part(camera({ port: 8562, transport: 'tcp' }));
  const alone = await part(camera({ port: 8563, transport: 'tcp', clip: 'h265', codec: 'h265' }));
  const av1 = await part(camera({ port: 8564, transport: 'tcp', clip: 'av1', codec: 'av1' }));
  hub = await Hub.start(streams({
    tcp: { source: tcp.url, transport: 'tcp' },
    udp: { source: udp.url, transport: 'udp' },
    vlc: { source: awkward.url }, // `auto` finds out that it wants UDP
    locked: { source: locked.url.replace(/\/\/.*@/, `//admin:${encodeURIComponent(secret.password)}@`) },
    aac: { source: aac.url },
    vp9: { source: vp9.url },
    av1: { source: av1.url },
    h265: { source: h265.url, substream: second.url },
    alone: { source: alone.url },
  }));
  await hub.claim();
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await Promise.all(parts.map((one) => one.end()));
});

async function part(starting) {
  const one = await starting;
  parts.push(one);
  return one;
}

/** Plays a stream, compares its picture with what the camera was given, and answers the peer's counters. */
async function seen(name) {
  const page = await browser.open(`${ORIGIN}/${name}`);
  const video = await plays(page, 25);
  assert.equal(`${video.width}x${video.height}`, '640x360');
  await until('seven colour bars', () => showsBars(page));
  const [peer] = await page.stats();
  return { page, peer };
}

async function heard(page, codec) {
  await page.press(/^sound on$/);
  const peer = await until('sound', async () => {
    const [now] = await page.stats();
    return now.energy > 0.01 && now;
  });
  assert.equal(peer.audioCodec.toLowerCase(), codec);
}

test('requirements 57, 58, 66, 80, 92: H.264 and PCMA by RTSP over TCP', async (t) => {
  const { page, peer } = await seen('tcp');
  assert.equal(peer.codec, 'video/H264');
  await heard(page, 'audio/pcma');
  t.diagnostic(`${peer.frames} frames, bars match, a tone is heard`);
  await page.end();
});

test('requirements 58, 59, 65: H.264 and Opus by RTSP over UDP with Digest', async (t) => {
  const { page, peer } = await seen('udp');
  assert.equal(peer.codec, 'video/H264');
  await heard(page, 'audio/opus');
  t.diagnostic(`${peer.frames} frames, bars match, a tone is heard`);
  await page.end();
});

test('requirements 58, 59: VLC, which takes UDP and Basic only', async (t) => {
  const { page, peer } = await seen('vlc');
  t.diagnostic(`${peer.frames} frames after falling back from TCP to UDP`);
  await page.end();
});

test('requirement 59: a password with : and @ in it, percent-encoded in the URL; PCMU', async () => {
  const { page } = await seen('locked');
  await heard(page, 'audio/pcmu');
  await page.end();
});

test('requirement 80: AAC at 16 kHz is heard as Opus, at its pitch, and the API says what the camera sends', async (t) => {
  const { page } = await seen('aac');
  await heard(page, 'audio/opus');
  const hertz = await until('a tone of 440 Hz', async () => {
    const now = await page.run(pitch);
    if (Math.abs(now - 440) > 10) throw new Error(`${now} Hz`);
    return now;
  });
  const { tracks, warnings } = await hub.stream('aac');
  const sound = tracks.find((track) => track.kind === 'audio');
  assert.equal(sound.codec, 'opus');
  assert.deepEqual(sound.converted_from, { codec: 'AAC', clock_rate: 16000, channels: 1 });
  assert.deepEqual(warnings, []);
  t.diagnostic(`${hertz.toFixed(1)} Hz are heard`);
  await page.end();
});

for (const codec of ['VP9', 'AV1']) {
  test(`requirement 79: ${codec}`, async (t) => {
    const { page, peer } = await seen(codec.toLowerCase());
    assert.equal(peer.codec, `video/${codec}`);
    t.diagnostic(`${peer.frames} frames, bars match`);
    await page.end();
  });
}

test('requirement 78: H.265 to a browser that does not play it: the substream where there is one, else the reason', async (t) => {
  const { page, peer } = await seen('h265');
  assert.equal(peer.codec, 'video/H264');
  const { body } = await hub.call('GET', '/api/v1/sessions');
  const session = body.items.find(({ stream }) => stream === 'h265');
  assert.equal(session.layer, 1);
  assert.deepEqual(session.warnings.map(({ code }) => code), ['substream_instead']);
  t.diagnostic(session.warnings[0].detail);
  await page.end();
  const black = await browser.open(`${ORIGIN}/alone`);
  const [words] = await black.says(/.*(cannot decode|no codec in common).*/i);
  t.diagnostic(`without a substream the page says: ${words}`);
  await black.end();
});

test('E12: no camera password is in the log, the API or the pages', async () => {
  const list = await hub.call('GET', '/api/v1/streams');
  const page = await browser.open(`${ORIGIN}/udp`);
  await plays(page);
  const everything = [hub.log, JSON.stringify(list.body), await page.words(), await page.inner.content()].join('\n');
  for (const secret of ['p@ss:word', encodeURIComponent('p@ss:word'), 'admin:digest', 'admin:secret']) {
    assert.ok(!everything.includes(secret), `${secret} is to be seen`);
  }
  assert.equal(list.body.items.length, 9);
  await page.end();
});
