/**
 * One session with the hub: one id on the socket, one peer connection. Says what it hears to
 * `emit` as events of the state machine, and does what it is told.
 */
import type { Hub } from './hub.ts';
import type { Event } from './machine.ts';
import { Peer } from './peer.ts';
import type { Candidate, FromHub, Report } from './protocol.ts';

export interface Wish {
  readonly stream: string;
  readonly sound: boolean;
  /** Jitter buffer to aim at, in ms. */
  readonly buffer: number;
}

export class Session {
  readonly #hub: Hub;
  readonly #id: string;
  readonly #peer: Peer;
  readonly #wish: Wish;
  readonly #emit: (event: Event) => void;
  /** Candidates found before the hub knew of the session. */
  #held: Candidate[] = [];
  #stage: 'offering' | 'asked' | 'answered' | 'closed' = 'offering';
  /** The hub's name for it: as secret as a password. */
  #name = '';
  #restarting = false;
  /** The hub's own part of the delay, in ms, where it tells. */
  hubDelay: number | undefined;

  constructor(hub: Hub, wish: Wish, emit: (event: Event) => void, media: (m: MediaStream) => void) {
    this.#hub = hub;
    this.#wish = wish;
    this.#emit = emit;
    this.#peer = new Peer(
      {
        candidate: (candidate) => this.#trickle(candidate),
        state: (state) => emit({ type: 'ice', state }),
        media,
      },
      wish.sound,
      wish.buffer,
    );
    this.#id = hub.join({
      onMessage: (message) => void this.#hear(message),
      onOpen: () => void this.#opened(),
      onLost: (code) => code && emit({ type: 'unreachable', code }),
    });
    // Not before whoever made it knows it.
    if (hub.open) queueMicrotask(() => void this.#opened());
    else hub.hurry();
  }

  /** The hub listens: ask, ask again what it never answered, or take up where the socket broke. */
  async #opened(): Promise<void> {
    this.#emit({ type: 'reachable' });
    if (this.#stage === 'answered') {
      this.#hub.send({ type: 'resume', id: this.#id, session: this.#name });
      if (this.#restarting) await this.restart();
      return;
    }
    const sdp =
      this.#stage === 'asked' ? this.#peer.local : await this.#peer.offer(this.#hub.iceServers);
    if (this.#isClosed()) return;
    const { stream } = this.#wish;
    if (this.#hub.send({ type: 'watch', id: this.#id, stream, sdp })) this.#stage = 'asked';
    for (const candidate of this.#held.splice(0)) this.#trickle(candidate);
  }

  async #hear(message: FromHub): Promise<void> {
    if (this.#isClosed()) return;
    switch (message.type) {
      case 'answer':
        return this.#answered(message.session, message.sdp);
      case 'candidate':
        return this.#peer.add(message.candidate);
      case 'state': {
        if (message.delayMs !== undefined) this.hubDelay = message.delayMs;
        const { id: _id, delayMs: _delay, ...told } = message;
        return this.#emit({ ...told, type: 'hub' });
      }
      case 'problem':
        return this.#emit({ type: 'problem', problem: message.problem });
      case 'close':
        return this.#emit({ type: 'hub', state: 'closed' });
      case 'hello':
    }
  }

  async #answered(name: string, sdp: string): Promise<void> {
    this.#name = name;
    this.#stage = 'answered';
    this.#restarting = false;
    try {
      await this.#peer.accept(sdp);
    } catch (error) {
      if (this.#isClosed()) return;
      const problem = { code: 'sdp_invalid', title: 'SDP', detail: String(error) };
      return this.#emit({ type: 'problem', problem });
    }
    if (!this.#isClosed()) this.#emit({ type: 'answered' });
  }

  #trickle(candidate: Candidate): void {
    const known = this.#stage === 'asked' || this.#stage === 'answered';
    if (known && this.#hub.send({ type: 'candidate', id: this.#id, ...candidate })) return;
    this.#held.push(candidate);
  }

  /** New ICE credentials on the same session; waits for the socket when that is gone as well. */
  async restart(): Promise<void> {
    this.#restarting = true;
    if (!this.#hub.open) return this.#hub.hurry();
    const sdp = await this.#peer.restart().catch(() => undefined);
    if (sdp && !this.#isClosed()) this.#hub.send({ type: 'restart', id: this.#id, sdp });
  }

  renew(token: string): void {
    this.#hub.send({ type: 'grant', id: this.#id, token });
  }

  /** Tells the hub what is measured, once there is a session to tell it of; whether it was told. */
  report(report: Report): boolean {
    if (this.#stage !== 'answered') return false;
    return this.#hub.send({ type: 'report', id: this.#id, ...report });
  }

  stats(): Promise<RTCStatsReport> {
    return this.#peer.stats();
  }

  close(): void {
    this.#stage = 'closed';
    this.#peer.close();
    this.#hub.leave(this.#id);
  }

  #isClosed(): boolean {
    return this.#stage === 'closed';
  }
}
