// Browsers that send: by WHIP, from anybody's page, seen by others.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { elsewhere } from './lib/embed.mjs';
import { Hub, ORIGIN } from './lib/hub.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

const CONFIG = `
streams:
  stage: { publish: anyone, viewers: anyone }
  booth: { viewers: anyone }
`;

let hub, browser, site;
before(async () => {
  hub = await Hub.start(CONFIG);
  await hub.claim();
  // Chromium's own test picture and beep stand in for a camera and a microphone.
  browser = await Browser.chromium(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=fps=30']);
  site = await elsewhere();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await site?.end();
});

/** Sends what the page's camera and microphone give to `url`; the peer is the page's `sender`. */
async function publish(page, url, { video = true, audio = true, token } = {}) {
  return page.run(
    async (url, wanted, token) => {
      const media = await navigator.mediaDevices.getUserMedia(wanted);
      const peer = new RTCPeerConnection();
      window.sender = peer;
      for (const track of media.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
      await peer.setLocalDescription();
      const headers = { 'content-type': 'application/sdp', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription.sdp });
      if (answer.status !== 201) return { status: answer.status, problem: await answer.json() };
      const sdp = await answer.text();
      await peer.setRemoteDescription({ type: 'answer', sdp });
      return { status: answer.status, location: answer.headers.get('location'), sdp };
    },
    url,
    { video: video && { width: 1280, height: 720 }, audio },
    token,
  );
}

/** What the sender's own statistics say of its picture and sound. */
function sent(page) {
  return page.run(async () => {
    const all = [...(await window.sender.getStats()).values()];
    const of = (kind) => all.find((entry) => entry.type === 'outbound-rtp' && entry.kind === kind);
    const video = of('video');
    const codec = (entry) => all.find(({ id }) => id === entry?.codecId)?.mimeType;
    return {
      width: video?.frameWidth, frames: video?.framesSent, keyframes: video?.keyFramesEncoded, plis: video?.pliCount,
      target: video?.targetBitrate, video: codec(video), audio: codec(of('audio')),
    };
  });
}

test('requirements 1, 20, 46: what a browser sends by WHIP, another one sees and hears', async (t) => {
  const sender = await browser.open(site.origin);
  const answer = await publish(sender, `${ORIGIN}/stage/whip`);
  assert.equal(answer.status, 201, JSON.stringify(answer.problem));
  assert.match(answer.location, /^\/stage\/whip\//);
  await hub.state('stage', 'live');
  const page = await browser.open(`${ORIGIN}/stage`);
  await plays(page, 60);
  await page.press(/^sound on$/);
  const heard = await until('the beep', async () => {
    const [peer] = await page.stats();
    return peer.energy > 0 && peer;
  });
  assert.equal(heard.audioCodec, 'audio/opus');
  const early = await sent(sender);
  assert.equal(early.video, 'video/H264');
  // Its bandwidth feedback lets it grow to what the camera gives.
  const grown = await until('the whole picture', async () => {
    const { width } = await page.video();
    return width === 1280 && sent(sender);
  }, 40_000);
  t.diagnostic(`sent ${JSON.stringify(early)}, then ${JSON.stringify(grown)}`);

  // Somebody who joins later gets a picture without waiting for a keyframe of the camera's own.
  const late = await browser.open(`${ORIGIN}/stage`);
  await plays(late, 20);
  const { body } = await hub.call('GET', '/api/v1/sessions');
  const purposes = body.items.map(({ purpose }) => purpose).sort();
  assert.deepEqual(purposes, ['publish', 'watch', 'watch']);
  for (const one of [late, page]) await one.end();

  // requirement 28: a page that is closed leaves no session behind.
  await sender.end();
  await hub.state('stage', 'idle', 40_000);
});

test('requirement 46: a microphone alone, with a token', async () => {
  const { body: token } = await hub.call('POST', '/api/v1/grants', { streams: ['booth'], scope: ['publish'] });
  const sender = await browser.open(site.origin);
  const refused = await publish(sender, `${ORIGIN}/booth/whip`, { video: false });
  assert.equal(refused.problem.code, 'unauthorized');
  const answer = await publish(sender, `${ORIGIN}/booth/whip`, { video: false, token: token.token });
  assert.equal(answer.status, 201, JSON.stringify(answer.problem));
  await hub.state('booth', 'live');
  const stream = await hub.stream('booth');
  assert.deepEqual(stream.tracks.map(({ codec }) => codec), ['opus']);
  await sender.end();
});
