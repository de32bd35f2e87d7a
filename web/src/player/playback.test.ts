import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Playback } from './playback.ts';
import type { Report } from './protocol.ts';

/** A peer connection that agrees to everything and measures nothing. */
class FakeConnection {
  localDescription: { sdp: string } | null = null;
  signalingState = 'have-local-offer';
  addTransceiver = () => ({ receiver: {} });
  createOffer = async () => ({ type: 'offer', sdp: 'v=0' });
  getStats = async () => [];
  close = () => undefined;
  async setLocalDescription(description: { sdp: string }) {
    this.localDescription = description;
  }
  async setRemoteDescription() {
    this.signalingState = 'stable';
  }
}

/** A socket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  readyState = 1;
  sent: ({ type: string } & Report)[] = [];
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: string }) => void) | undefined;
  onclose: (() => void) | undefined;
  constructor() {
    FakeSocket.last = this;
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.onclose?.();
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  reports() {
    return this.sent.filter(({ type }) => type === 'report');
  }
}

const video = { ownerDocument: { createElement: () => ({ getContext: () => null }) } };
const settled = () => vi.advanceTimersByTimeAsync(0);

let playback: Playback;
let hubs = 0;

async function play() {
  hubs += 1;
  const target = {
    origin: `http://hub-${hubs}.example`,
    token: undefined,
    stream: 'gate',
    sound: false,
    buffer: 0,
  };
  const nothing = () => undefined;
  const events = { state: nothing, stats: nothing, media: nothing };
  playback = new Playback(target, video as unknown as HTMLVideoElement, events);
  playback.play();
  FakeSocket.last.onopen?.();
  FakeSocket.last.say({ type: 'hello', version: 1 });
  await settled();
}
async function answer() {
  FakeSocket.last.say({ type: 'answer', id: '1', session: 's', sdp: 'v=0' });
  await settled();
}
const state = (word: string) => FakeSocket.last.say({ type: 'state', id: '1', state: word });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.stubGlobal('MediaStream', class {});
  vi.stubGlobal('WebSocket', FakeSocket);
});
afterEach(() => {
  playback.dispatch({ type: 'stop' });
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('reports', () => {
  it('come each second, and five times as often while the hub replays', async () => {
    await play();
    await answer();
    const { last } = FakeSocket;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(last.reports().length).toBe(3);
    state('catching_up');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last.reports().length).toBe(8);
    state('live');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(last.reports().length).toBeLessThanOrEqual(12);
  });

  it('tell the tile with the first picture still to come, and when it changes, at once', async () => {
    await play();
    playback.tile = [640, 360];
    await vi.advanceTimersByTimeAsync(200);
    expect(FakeSocket.last.reports()).toEqual([]);
    await answer();
    const { last } = FakeSocket;
    expect(last.reports()).toEqual([{ type: 'report', id: '1', tile: [640, 360] }]);
    await vi.advanceTimersByTimeAsync(150);
    playback.tile = [1280, 720];
    await settled();
    expect(last.reports().at(-1)?.tile).toEqual([1280, 720]);
    // Drawn larger with the mouse: the last size counts, not each on its way.
    for (let width = 1281; width <= 1300; width += 1) playback.tile = [width, 720];
    await vi.advanceTimersByTimeAsync(100);
    expect(last.reports().length).toBe(3);
    expect(last.reports().at(-1)?.tile).toEqual([1300, 720]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(last.reports().at(-1)?.tile).toEqual([1300, 720]);
  });
});
