// A camera's second picture: who gets it, and what happens when it is broken.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { camera } from './lib/camera.mjs';
import { Hub, ORIGIN, streams } from './lib/hub.mjs';
import { LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';
import { until } from './lib/until.mjs';

// A phone's tile is smaller than the small picture; a desk's is larger than it by far.
const SMALL = { width: 330, height: 640 };
const LARGE = { width: 1600, height: 1000 };
const PASSWORD = 'canary-small';

let main, small, hub, browser;

before(async () => {
  main = await camera({ port: 8554 });
  small = await camera({ port: 8557, clip: 'small', user: 'admin', password: PASSWORD });
  hub = await Hub.start(streams({
    gate: { source: main.url, substream: small.url, on_demand: true },
    broken: { source: main.url, substream: `rtsp://${LAB}:8599/nothing` },
  }));
  await hub.claim();
  browser = await Browser.chromium();
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await Promise.all([main, small].map((one) => one?.end()));
});

/** Waits until the page's one peer connection decodes a picture this wide; answers its numbers. */
function shows(page, width) {
  return until(`a picture ${width} wide`, async () => {
    const peers = await page.stats();
    assert.equal(peers.length, 1, 'one peer connection all along');
    if (peers[0].width !== width) throw new Error(JSON.stringify(peers[0]));
    return peers[0];
  }, 20_000);
}

/** Waits until the hub's list says that the session shows this layer. */
function layer(wanted) {
  return until(`layer ${wanted}`, async () => {
    const { body } = await hub.call('GET', '/api/v1/sessions');
    const [session] = body.items.filter(({ stream }) => stream === 'gate');
    if (session?.layer !== wanted) throw new Error(JSON.stringify(session));
    return session;
  });
}

test('requirement 94, issue 4.3: delay per viewer is in the list of sessions and in the metrics', async (t) => {
  const page = await browser.open(`${ORIGIN}/broken`);
  await plays(page, 25);
  const session = await until('the player has told its delay', async () => {
    const { body } = await hub.call('GET', '/api/v1/sessions');
    const [session] = body.items;
    if (session?.delay_from !== 'player') throw new Error(JSON.stringify(session));
    return session;
  });
  assert.deepEqual(session.warnings, []);
  const { metrics, read } = await until('the delay is in the metrics', async () => {
    const { body: metrics, headers } = await hub.call('GET', '/metrics');
    assert.match(headers.get('content-type'), /openmetrics-text/);
    const read = (name) => Number(metrics.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    return read('lenswire_viewer_delay_seconds_count') > 0 && { metrics, read };
  });
  assert.ok(read('lenswire_sent_bytes_total') > 10_000, metrics);
  assert.ok(read('lenswire_source_bytes_total{stream="broken",picture="main"}') > 10_000, metrics);
  assert.equal(read('lenswire_streams{state="live"}'), 1, metrics);
  t.diagnostic(`delay ${session.delay_ms} ms by the ${session.delay_from}`);
  await page.end();
});

test('issue 4.4: a broken substream says why and disturbs nobody', async (t) => {
  const page = await browser.open(`${ORIGIN}/broken`, { viewport: SMALL });
  await plays(page, 25);
  const { state, substream } = await until('the substream has failed', async () => {
    const stream = await hub.stream('broken');
    if (!stream.substream.state.problem) throw new Error(JSON.stringify(stream.substream));
    return stream;
  });
  assert.equal(state.name, 'live');
  assert.equal(substream.state.problem.code, 'camera_refused');
  const [peer] = await page.stats();
  assert.equal(peer.width, 640, 'the main picture, for there is no other');
  t.diagnostic(substream.state.problem.detail);
  await page.end();
});

test('issue 4.4: a substream runs while its stream is wanted, and its password is nowhere', async () => {
  const page = await browser.open(`${ORIGIN}/gate`);
  await plays(page, 10);
  const stream = await until('the substream is live', async () => {
    const stream = await hub.stream('gate');
    if (stream.substream.state.name !== 'live') throw new Error(JSON.stringify(stream.substream));
    return stream;
  });
  assert.equal(stream.substream.tracks[0].width, 320);
  assert.ok(!JSON.stringify(stream).includes(PASSWORD) && !hub.log.includes(PASSWORD));
  await page.end();
  await until('both are let go', async () => {
    const { state, substream } = await hub.stream('gate');
    if (state.name !== 'idle' || substream.state.name !== 'idle') throw new Error(`${state.name}, ${substream.state.name}`);
    return true;
  }, 60_000);
});

test('issue 4.4: the player tells how large its picture is when that changes, and that it is out of sight', async (t) => {
  const page = await browser.open(`${ORIGIN}/broken`, { viewport: LARGE });
  await plays(page, 10);
  await page.run(() => {
    window.tiles = [];
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
      const { type, tile } = JSON.parse(text);
      if (type === 'report') window.tiles.push(tile);
      return send.call(this, text);
    };
  });
  const tile = (what, fits) =>
    until(what, async () => {
      const last = await page.run(() => window.tiles.at(-1));
      if (!last || !fits(last)) throw new Error(JSON.stringify(last));
      return last;
    });
  const large = await tile('a large tile', ([width]) => width > 600);
  await page.inner.setViewport(SMALL);
  const small = await tile('a small tile', ([width]) => width > 0 && width <= SMALL.width);
  await page.run(() => {
    document.querySelector('lenswire-player').style.marginBlockStart = '9999px';
  });
  await tile('a tile out of sight', ([width, height]) => width === 0 && height === 0);
  t.diagnostic(`${large}, ${small}`);
  await page.end();
});

// Needs the media threads' half: who gets which picture is decided there.
test('issue 4.4: a small tile gets the small picture, a grown one the main one, without a freeze', async (t) => {
  const page = await browser.open(`${ORIGIN}/gate`, { viewport: SMALL });
  await plays(page, 10);
  const before = await shows(page, 320);
  await layer(1);
  await page.inner.setViewport(LARGE);
  const grown = await shows(page, 640);
  const session = await layer(0);
  await page.plays(25);
  await page.inner.setViewport(SMALL);
  const after = await shows(page, 320);
  await page.plays(25);
  const [end] = await page.stats();
  assert.equal(end.freezes - before.freezes, 0, `no freeze: ${JSON.stringify({ before, grown, after, end })}`);
  t.diagnostic(`estimate ${session.estimate_bps} bit/s, delay ${session.delay_ms} ms; ${end.frames} frames`);
  await page.end();
});
