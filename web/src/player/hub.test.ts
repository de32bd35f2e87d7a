import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hub, type Listener } from './hub.ts';
import type { FromHub } from './protocol.ts';

/** A socket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: { type: string; id?: string; token?: string }[] = [];
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: string }) => void) | undefined;
  onclose: (() => void) | undefined;

  constructor(readonly url: URL) {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
    this.say({ type: 'hello', version: 1, ice_servers: [], resume_seconds: 60 });
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

class Ear implements Listener {
  heard: FromHub[] = [];
  opened = 0;
  lost: (string | undefined)[] = [];
  onMessage(message: FromHub) {
    this.heard.push(message);
  }
  onOpen() {
    this.opened += 1;
  }
  onLost(code: string | undefined) {
    this.lost.push(code);
  }
}

let number = 0;
const fresh = () => {
  number += 1;
  return `https://hub${number}.test`;
};
const socket = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the socket', () => {
  it('is one for all players of a page, and another for another leave', () => {
    const origin = fresh();
    const hub = Hub.at(origin, undefined);
    const ids = [hub.join(new Ear()), Hub.at(origin, undefined).join(new Ear())];
    expect(FakeSocket.all).toHaveLength(1);
    expect(new Set(ids).size).toBe(2);
    expect(String(socket().url)).toBe(`${origin.replace('https', 'wss')}/ws`);
    Hub.at(origin, 'grant').join(new Ear());
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('says hello first, and lets nothing through before the hub has answered', () => {
    const hub = Hub.at(fresh(), 'grant');
    const ear = new Ear();
    const id = hub.join(ear);
    expect(hub.send({ type: 'watch', id, stream: 'gate', sdp: 'v=0' })).toBe(false);
    socket().open();
    expect(ear.opened).toBe(1);
    expect(hub.send({ type: 'watch', id, stream: 'gate', sdp: 'v=0' })).toBe(true);
    expect(socket().sent.map(({ type }) => type)).toEqual(['hello', 'watch']);
    expect(socket().sent[0]?.token).toBe('grant');
  });

  it('gives each session its own messages, and the socket’s to all', () => {
    const hub = Hub.at(fresh(), undefined);
    const ears = [new Ear(), new Ear()] as const;
    const [first] = ears.map((ear) => hub.join(ear));
    socket().open();
    socket().say({ type: 'state', id: first, state: 'live' });
    socket().say({ type: 'problem', code: 'protocol_error', title: 'No' });
    expect(ears.map(({ heard }) => heard.map(({ type }) => type))).toEqual([
      ['state', 'problem'],
      ['problem'],
    ]);
  });

  it('comes back after a loss, later and later', async () => {
    const hub = Hub.at(fresh(), undefined);
    const ear = new Ear();
    hub.join(ear);
    socket().open();
    socket().close();
    expect(ear.lost).toEqual([undefined]);
    await vi.advanceTimersByTimeAsync(700);
    expect(FakeSocket.all).toHaveLength(2);
    socket().open();
    expect(ear.opened).toBe(2);
  });

  it('tells a hub that is gone from a socket that is refused', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no route')));
    const gone = new Ear();
    Hub.at(fresh(), undefined).join(gone);
    socket().close();
    await vi.advanceTimersByTimeAsync(0);
    expect(gone.lost).toEqual([undefined, 'hub_unreachable']);

    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 502 })));
    const proxied = new Ear();
    Hub.at(fresh(), undefined).join(proxied);
    socket().close();
    await vi.advanceTimersByTimeAsync(0);
    expect(proxied.lost).toEqual([undefined, 'hub_unreachable']);

    vi.stubGlobal('fetch', () => Promise.resolve(new Response('ok')));
    const refused = new Ear();
    Hub.at(fresh(), undefined).join(refused);
    socket().close();
    await vi.advanceTimersByTimeAsync(0);
    expect(refused.lost).toEqual([undefined, 'socket_refused']);
  });

  it('is given up when nobody needs it, but not between two tiles', async () => {
    const origin = fresh();
    const hub = Hub.at(origin, undefined);
    const first = hub.join(new Ear());
    socket().open();
    hub.leave(first);
    await vi.advanceTimersByTimeAsync(1_000);
    const second = Hub.at(origin, undefined).join(new Ear());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(socket().readyState).toBe(1);
    hub.leave(second);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket().readyState).toBe(3);
    expect(socket().sent.map(({ type }) => type)).toEqual(['hello', 'close', 'close']);
  });
});
