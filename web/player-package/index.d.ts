/** What `<lenswire-player>` offers to a page. The manual is docs/player.md of Lenswire. */

/** What the player is doing. `waiting`: the source is down; `failed`: our side is. */
export type Phase =
  | 'idle'
  | 'asking'
  | 'connecting'
  | 'first_frame'
  | 'catching_up'
  | 'live'
  | 'waiting'
  | 'failed';

/** Why nothing plays, in the reader's language. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly fix?: string;
  /** Seconds after which the hub thinks another try worth while. */
  readonly retryAfter?: number;
}

/** The way the media takes. */
export interface Pair {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string;
  readonly address?: string;
}

/** The last second's numbers. Absent: not known (yet). Times in ms. */
export interface Stats {
  readonly width?: number;
  readonly height?: number;
  readonly codec?: string;
  readonly framesPerSecond?: number;
  /** Bit per second. */
  readonly bitrate?: number;
  /** Share of packets lost, after repair; 0..1. */
  readonly loss?: number;
  readonly jitter?: number;
  readonly rtt?: number;
  readonly jitterBuffer?: number;
  readonly freezes?: number;
  readonly freezeTime?: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly pair?: Pair;
  /** Glass to glass, or the best that can be known. */
  readonly delay?: number;
  /** Whether `delay` was read off the picture or added up from its parts. */
  readonly delayFrom?: 'stamp' | 'parts';
  /** 0 the main picture, 1 the small one, where the hub has both. */
  readonly layer?: number;
}

export interface StateChange {
  readonly state: Phase;
  readonly since: Date;
  readonly retryAt: Date | undefined;
}

export declare class LenswirePlayer extends HTMLElement {
  /** A page may put the hub's problems into its reader's language here. */
  static words: (problem: Problem) => Problem;
  /** Where a page has grants to renew: asked before the present one ends. */
  renew: (() => Promise<string>) | undefined;
  get state(): Phase;
  get problem(): Problem | undefined;
  /** What its viewer should know though it plays. */
  get warning(): Problem | undefined;
  get stats(): Stats;
  get video(): HTMLVideoElement;
  /** All that a report about a black picture needs, as JSON; no secrets in it. */
  get diagnostics(): string;
  play(): void;
  stop(): void;
  retry(): void;
}

/** Events of `<lenswire-player>`; all bubble and cross shadow roots. */
export interface LenswirePlayerEventMap {
  statechange: CustomEvent<StateChange>;
  problem: CustomEvent<Problem>;
  stats: CustomEvent<Stats>;
  warning: CustomEvent<Problem | undefined>;
  retry: CustomEvent<undefined>;
}

declare global {
  interface HTMLElementTagNameMap {
    'lenswire-player': LenswirePlayer;
  }
}
