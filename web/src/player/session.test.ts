import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hub, Listener } from './hub.ts';
import type { Event } from './machine.ts';
import type { ToHub } from './protocol.ts';
import { Session } from './session.ts';

/** A peer connection that agrees to everything. */
class FakeConnection {
  static last: FakeConnection;
  signalingState = 'stable';
  connectionState = 'new';
  localDescription: { sdp: string } | null = null;
  currentRemoteDescription: { sdp: string } | null = null;
  remoteDescription: { sdp: string } | null = null;
  added: string[] = [];
  kinds: string[] = [];
  restarts = 0;
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: unknown = null;
  constructor() {
    FakeConnection.last = this;
  }
  addTransceiver(kind: string) {
    this.kinds.push(kind);
    return { receiver: {} };
  }
  setConfiguration() {}
  async createOffer(options?: { iceRestart: boolean }) {
    if (options?.iceRestart) this.restarts += 1;
    return { type: 'offer', sdp: `v=0 offer ${this.restarts}` };
  }
  async setLocalDescription(description: { type: string; sdp: string }) {
    this.localDescription = description;
    this.signalingState = description.type === 'rollback' ? 'stable' : 'have-local-offer';
  }
  async setRemoteDescription(description: { sdp: string }) {
    if (description.sdp.includes('broken')) throw new Error('cannot parse');
    this.remoteDescription = this.currentRemoteDescription = description;
    this.signalingState = 'stable';
  }
  async addIceCandidate({ candidate }: { candidate: string }) {
    this.added.push(candidate);
  }
  close() {
    this.connectionState = 'closed';
  }
}

/** A hub's socket whose other end is the test. */
class FakeHub {
  open = false;
  iceServers = [];
  sent: ToHub[] = [];
  listener: Listener | undefined;
  left = false;
  join(listener: Listener) {
    this.listener = listener;
    return '1';
  }
  leave() {
    this.left = true;
  }
  hurry() {}
  send(message: ToHub) {
    if (this.open) this.sent.push(message);
    return this.open;
  }
  types() {
    return this.sent.map(({ type }) => type);
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

let hub: FakeHub;
let events: Event[];
let session: Session;

async function open() {
  hub.open = true;
  hub.listener?.onOpen();
  await settled();
}
async function answer(sdp = 'v=0 answer') {
  hub.listener?.onMessage({ type: 'answer', id: '1', session: 'secret', sdp });
  await settled();
}
function make(sound = true) {
  const wish = { stream: 'gate', sound, buffer: 0 };
  session = new Session(
    hub as unknown as Hub,
    wish,
    (event) => events.push(event),
    () => undefined,
  );
}

beforeEach(() => {
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.stubGlobal('MediaStream', class {});
  hub = new FakeHub();
  events = [];
  make();
});
afterEach(() => {
  session.close();
  vi.unstubAllGlobals();
});

describe('a session', () => {
  it('asks for sound only where it is wanted', () => {
    expect(FakeConnection.last.kinds).toEqual(['video', 'audio']);
    make(false);
    expect(FakeConnection.last.kinds).toEqual(['video']);
  });

  it('asks, trickles and connects', async () => {
    await open();
    expect(hub.sent[0]).toEqual({ type: 'watch', id: '1', stream: 'gate', sdp: 'v=0 offer 0' });
    const candidate = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };
    FakeConnection.last.onicecandidate?.({ candidate });
    FakeConnection.last.onicecandidate?.({ candidate: null });
    expect(hub.sent.slice(1)).toEqual([
      { type: 'candidate', id: '1', ...candidate },
      { type: 'candidate', id: '1', candidate: null },
    ]);
    await answer();
    FakeConnection.last.connectionState = 'connected';
    FakeConnection.last.onconnectionstatechange?.();
    expect(events).toEqual([
      { type: 'reachable' },
      { type: 'answered' },
      { type: 'ice', state: 'connected' },
    ]);
  });

  it('reports only once there is something to report on', async () => {
    await open();
    session.report({ frames_decoded: 0 });
    expect(hub.types()).toEqual(['watch']);
    await answer();
    session.report({ frames_decoded: 1 });
    expect(hub.sent.at(-1)).toEqual({ type: 'report', id: '1', frames_decoded: 1 });
  });

  it('holds the hub’s candidates until there is an answer to add them to', async () => {
    await open();
    const candidate = { candidate: 'candidate:hub', sdpMLineIndex: 0 };
    hub.listener?.onMessage({ type: 'candidate', id: '1', candidate });
    expect(FakeConnection.last.added).toEqual([]);
    await answer();
    expect(FakeConnection.last.added).toEqual(['candidate:hub']);
  });

  it('asks again with what it has when the socket broke before the answer', async () => {
    await open();
    hub.open = false;
    hub.listener?.onLost(undefined);
    FakeConnection.last.onicecandidate?.({ candidate: { candidate: 'candidate:late' } });
    await open();
    expect(hub.types()).toEqual(['watch', 'watch', 'candidate']);
  });

  it('takes its session up again when the socket broke after it', async () => {
    await open();
    await answer();
    hub.open = false;
    hub.listener?.onLost(undefined);
    await open();
    expect(hub.sent.at(-1)).toEqual({ type: 'resume', id: '1', session: 'secret' });
  });

  it('restarts ICE, after the socket is back if that is gone as well', async () => {
    await open();
    await answer();
    await session.restart();
    expect(hub.sent.at(-1)).toEqual({ type: 'restart', id: '1', sdp: 'v=0 offer 1' });
    await answer();
    hub.open = false;
    await session.restart();
    await open();
    expect(hub.types().slice(-2)).toEqual(['resume', 'restart']);
  });

  it('says so when an answer cannot be used', async () => {
    await open();
    await answer('v=0 broken');
    expect(events.slice(1)).toMatchObject([{ type: 'problem', problem: { code: 'sdp_invalid' } }]);
  });

  it('is silent once closed', async () => {
    await open();
    session.close();
    await answer();
    expect(events).toEqual([{ type: 'reachable' }]);
    expect(hub.left).toBe(true);
  });
});
