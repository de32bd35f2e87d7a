/**
 * Keeps a stream playing: feeds the state machine with what happens and carries out what it
 * decides. The door where clock and chance enter; owns the session, the statistics and the timers.
 */
import { Delay } from './delay.ts';
import { Hub } from './hub.ts';
import { type Event, type State, start, step } from './machine.ts';
import { isSupported } from './peer.ts';
import { Session, type Wish } from './session.ts';
import { StampReader } from './stamp.ts';
import { reportOf, type Stats, StatsReader } from './stats.ts';
import type { Tile } from './tile.ts';

export interface Target extends Wish {
  readonly origin: string;
  readonly token: string | undefined;
}

export interface Events {
  state(state: State): void;
  stats(stats: Stats): void;
  media(stream: MediaStream | null): void;
}

/** How often the machine looks at the clock, in ms. */
const TICK = 500;
/** How often a running session is measured and reported, in ms. */
const MEASURE = 1_000;
/** And while it catches up: the hub replays as fast as we decode. */
const MEASURE_REPLAY = 200;
/** While a tile is being drawn larger its size is told no more often than this; milliseconds. */
const TILES = 100;
/** A moving picture need not say so more often; milliseconds. */
const FRAME_NEWS = 250;
/** Stamps are looked for this often, and this often where none was found; milliseconds. */
const STAMPS = 250;
const STAMPS_IN_VAIN = 3_000;
/** Whole frames without one decoded: it is the decoder, not a missing start. */
const UNDECODED = 30;

export class Playback {
  readonly #events: Events;
  readonly #video: HTMLVideoElement;
  readonly #stamps: StampReader;
  readonly #delay = new Delay();
  #target: Target;
  #state: State = start(performance.now());
  #session: Session | undefined;
  #reader = new StatsReader();
  #tick: ReturnType<typeof setInterval> | undefined;
  #measure: ReturnType<typeof setTimeout> | undefined;
  #tile: Tile | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #told = 0;
  #decoded = 0;
  #nextStamp = 0;

  constructor(target: Target, video: HTMLVideoElement, events: Events) {
    this.#target = target;
    this.#video = video;
    this.#events = events;
    this.#stamps = new StampReader(video.ownerDocument);
    this.#watchFrames();
  }

  get state(): State {
    return this.#state;
  }

  get target(): Target {
    return this.#target;
  }

  play(): void {
    this.dispatch({ type: 'play' });
    if (!isSupported()) this.dispatch({ type: 'problem', problem: 'webrtc_missing' });
  }

  /** A newer grant for what plays. */
  renew(token: string): void {
    this.#target = { ...this.#target, token };
    this.#session?.renew(token);
  }

  dispatch(event: Event): void {
    const before = this.#state;
    const [next, effect] = step(before, event, performance.now(), Math.random());
    this.#state = next;
    if (effect === 'ask') this.#ask();
    else if (effect === 'restart') void this.#session?.restart();
    else if (effect === 'close') this.#close();
    this.#keepTime(next.phase !== 'idle');
    if (next.hub !== before.hub && next.hub === 'catching_up') this.#measureSoon();
    const isNews =
      next.phase !== before.phase ||
      next.problem !== before.problem ||
      next.warning?.code !== before.warning?.code ||
      next.retryAt !== before.retryAt;
    if (isNews) this.#events.state(next);
  }

  #ask(): void {
    this.#close();
    if (!isSupported()) return;
    const { origin, token, ...wish } = this.#target;
    const hub = Hub.at(origin, token);
    const session: Session = new Session(
      hub,
      wish,
      // What an earlier session still says is history.
      (event) => {
        if (this.#session !== session) return;
        this.dispatch(event);
        // Before the first picture: which of them it should be hangs on it.
        if (event.type === 'answered') this.#tellTile();
      },
      (media) => this.#events.media(media),
    );
    this.#session = session;
    this.#measureSoon();
  }

  #measureSoon(): void {
    clearTimeout(this.#measure);
    const session = this.#session;
    if (!session) return;
    const wait = this.#state.hub === 'catching_up' ? MEASURE_REPLAY : MEASURE;
    this.#measure = setTimeout(() => {
      this.#measureSoon();
      void this.#look(session);
    }, wait);
  }

  /** The picture takes so much of the screen now: the hub hears of it at once. */
  set tile(tile: Tile) {
    this.#tile = tile;
    clearTimeout(this.#telling);
    const wait = Math.max(0, this.#told + TILES - performance.now());
    this.#telling = setTimeout(() => this.#tellTile(), wait);
  }

  /** Without a session to tell it of, the first report of the next one tells it. */
  #tellTile(): void {
    this.#told = performance.now();
    if (this.#tile) this.#session?.report({ tile: this.#tile });
  }

  #close(): void {
    clearTimeout(this.#measure);
    this.#session?.close();
    this.#session = undefined;
    this.#reader = new StatsReader();
    this.#delay.reset();
    this.#decoded = 0;
    this.#events.media(null);
  }

  #keepTime(on: boolean): void {
    if (on && this.#tick === undefined) {
      this.#tick = setInterval(() => this.dispatch({ type: 'tick' }), TICK);
    } else if (!on) {
      clearInterval(this.#tick);
      this.#tick = undefined;
    }
  }

  async #look(session: Session): Promise<void> {
    const report = await session.stats().catch(() => undefined);
    if (!report || session !== this.#session) return;
    const { layer } = this.#state;
    const read = this.#delay.of(this.#reader.read(report), session.hubDelay);
    const stats = layer === undefined ? read : { ...read, layer };
    const decoded = stats.framesDecoded ?? 0;
    // In a hidden tab nothing is presented, but the picture still comes.
    if (decoded > this.#decoded) this.dispatch({ type: 'frame' });
    else if (decoded === 0 && (stats.framesReceived ?? 0) > UNDECODED) {
      this.dispatch({ type: 'packets' });
    }
    this.#decoded = decoded;
    this.#events.stats(stats);
    session.report({ ...reportOf(stats), ...(this.#tile && { tile: this.#tile }) });
  }

  #watchFrames(): void {
    if (!('requestVideoFrameCallback' in this.#video)) return;
    const onFrame = (now: number, frame: VideoFrameCallbackMetadata) => {
      this.#presented(now, frame);
      this.#video.requestVideoFrameCallback(onFrame);
    };
    this.#video.requestVideoFrameCallback(onFrame);
  }

  #presented(now: number, frame: VideoFrameCallbackMetadata): void {
    const { phase, lastFrame } = this.#state;
    const known = phase === 'live' && lastFrame !== undefined && now - lastFrame < FRAME_NEWS;
    if (this.#session && !known) this.dispatch({ type: 'frame' });
    if (now < this.#nextStamp) return;
    const shown = performance.timeOrigin + frame.expectedDisplayTime;
    const drawn = this.#stamps.read(this.#video, shown);
    if (drawn !== undefined) this.#delay.stamped(drawn, shown);
    this.#nextStamp = now + (drawn === undefined ? STAMPS_IN_VAIN : STAMPS);
  }
}
