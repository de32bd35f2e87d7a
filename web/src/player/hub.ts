/**
 * One socket per hub for all players of a page. It says hello, carries what the sessions say,
 * comes back by itself after a loss, and tells every session when it is open or gone. What a
 * session makes of that is its own business (`session.ts`).
 */
import { wait } from './backoff.ts';
import { type FromHub, read, type ToHub } from './protocol.ts';

/** What one session hears. */
export interface Listener {
  onMessage(message: FromHub): void;
  /** The hub has taken our hello: messages go through from now on. */
  onOpen(): void;
  /** No socket now. `code` says why, once that is known. */
  onLost(code: 'hub_unreachable' | 'socket_refused' | undefined): void;
}

/** A socket that has not said hello by then is behind something that swallows it; milliseconds. */
const HELLO_LIMIT = 8_000;
/** An idle socket is kept for the next tile for a moment; milliseconds. */
const LINGER = 5_000;
/** A hub that does not even answer this is not there; milliseconds. */
const PROBE_LIMIT = 3_000;

const hubs = new Map<string, Hub>();

export class Hub {
  readonly #origin: string;
  readonly #key: string;
  readonly #token: string | undefined;
  readonly #listeners = new Map<string, Listener>();
  #socket: WebSocket | undefined;
  #open = false;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  iceServers: RTCIceServer[] = [];

  /** The page's socket to `origin`, by that leave; made when it is the first. */
  static at(origin: string, token: string | undefined): Hub {
    const key = `${origin} ${token ?? ''}`;
    const known = hubs.get(key);
    if (known) return known;
    const hub = new Hub(origin, token, key);
    hubs.set(key, hub);
    return hub;
  }

  private constructor(origin: string, token: string | undefined, key: string) {
    this.#origin = origin;
    this.#token = token;
    this.#key = key;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Takes part under an id of its own, until `leave`. */
  join(listener: Listener): string {
    const id = String(this.#nextId);
    this.#nextId += 1;
    this.#listeners.set(id, listener);
    if (!this.#socket && this.#listeners.size === 1) this.#connect();
    return id;
  }

  leave(id: string): void {
    this.send({ type: 'close', id });
    this.#listeners.delete(id);
    if (this.#listeners.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#retire(), LINGER);
    }
  }

  /** Says it now, or never: what was not said before a loss is said anew by who needs it. */
  send(message: ToHub): boolean {
    if (!this.#open || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Does not wait for the backoff: somebody pressed a button, or the network came back. */
  hurry(): void {
    if (this.#socket || this.#listeners.size === 0) return;
    this.#connect();
  }

  #retire(): void {
    if (this.#listeners.size > 0) return;
    hubs.delete(this.#key);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#open = false;
    socket?.close();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const url = new URL('/ws', this.#origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    const limit = setTimeout(() => socket.close(), HELLO_LIMIT);
    socket.onopen = () => {
      const token = this.#token;
      socket.send(JSON.stringify({ type: 'hello', version: 1, ...(token && { token }) }));
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket || typeof data !== 'string') return;
      const message = read(data);
      if (message?.type === 'hello') clearTimeout(limit);
      if (message) this.#hear(message);
    };
    socket.onclose = () => {
      clearTimeout(limit);
      if (socket === this.#socket) this.#lost();
    };
  }

  #hear(message: FromHub): void {
    if (message.type === 'hello') {
      this.#open = true;
      this.#tries = 0;
      this.iceServers = message.iceServers;
      for (const listener of this.#all()) listener.onOpen();
    } else if (message.id === undefined) {
      for (const listener of this.#all()) listener.onMessage(message);
    } else {
      this.#listeners.get(message.id)?.onMessage(message);
    }
  }

  #lost(): void {
    const never = !this.#open;
    this.#open = false;
    this.#socket = undefined;
    if (this.#listeners.size === 0) {
      this.#retire();
      return;
    }
    for (const listener of this.#all()) listener.onLost(undefined);
    if (never) void this.#explain();
    this.#timer = setTimeout(() => this.#connect(), wait(this.#tries, Math.random()));
    this.#tries += 1;
  }

  /** A browser does not tell why a socket failed: whether the hub answers at all does. */
  async #explain(): Promise<void> {
    const code = await fetch(new URL('/healthz', this.#origin), {
      // Elsewhere only whether there is an answer can be seen, not which.
      mode: 'no-cors',
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(PROBE_LIMIT),
    }).then(
      ({ type, ok }) => (ok || type === 'opaque' ? 'socket_refused' : 'hub_unreachable'),
      () => 'hub_unreachable' as const,
    );
    if (this.#open) return;
    for (const listener of this.#all()) listener.onLost(code);
  }

  #all(): Listener[] {
    return [...this.#listeners.values()];
  }
}
