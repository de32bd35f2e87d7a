/**
 * What a player shows and does next, as a pure function of what happened: no socket, no clock, no
 * page. `step` takes a state, an event and the time, and returns the next state and the one thing
 * to do, if any. Everything a viewer is told follows from the state.
 */
import { wait } from './backoff.ts';
import type { HubState, Problem } from './protocol.ts';

/**
 * - `idle`: not asked to play. `asking`: the hub has been asked. `connecting`: finding a way
 *   through the network. `first_frame`: connected, no picture yet. `catching_up`: moving, behind
 *   live. `live`. `waiting`: the source is the cause, the hub goes on trying and so do we.
 *   `failed`: our side is the cause; tried again at `retryAt`, if that is set.
 */
export type Phase =
  | 'idle'
  | 'asking'
  | 'connecting'
  | 'first_frame'
  | 'catching_up'
  | 'live'
  | 'waiting'
  | 'failed';

/** Problems that only the browser can see; their words are the player's own strings. */
export type LocalCode =
  | 'hub_unreachable'
  | 'socket_refused'
  | 'ice_failed'
  | 'no_picture'
  | 'codec_not_decodable'
  | 'webrtc_missing'
  | 'tab_hidden';

/** Why there is no socket. */
export type Unreachable = 'hub_unreachable' | 'socket_refused';

export interface State {
  readonly phase: Phase;
  /** When the phase began; milliseconds of the caller's clock, as all times here. */
  readonly since: number;
  /** Why nothing plays. Never outlives the picture's return. */
  readonly problem?: Problem | LocalCode;
  /** The hub's last word about this session. */
  readonly hub?: HubState;
  /** It plays, but its viewer should know; the hub's words. */
  readonly warning?: Problem;
  /** Which picture of the scene is shown, where there is a choice. */
  readonly layer?: number;
  readonly ice: 'new' | 'connected' | 'broken';
  readonly iceSince: number;
  readonly lastFrame?: number;
  /** Packets have come since ICE connected, so the network is not the cause. */
  readonly packets: boolean;
  /** Why there is no socket to the hub. The picture may go on without one. */
  readonly lost?: Unreachable;
  /** Repetitions in a row without lasting success. */
  readonly tries: number;
  /** ICE restarts of this session that have not helped yet. */
  readonly restarts: number;
  /** When the next try begins. */
  readonly retryAt?: number;
}

export type Event =
  | { readonly type: 'play' | 'stop' | 'retry' | 'answered' | 'frame' | 'network' | 'packets' }
  | { readonly type: 'reachable' }
  | {
      readonly type: 'hub';
      readonly state: HubState;
      readonly reason?: Problem;
      readonly warning?: Problem;
      readonly layer?: number;
    }
  | { readonly type: 'problem'; readonly problem: Problem | LocalCode }
  | { readonly type: 'ice'; readonly state: RTCPeerConnectionState }
  | { readonly type: 'unreachable'; readonly code: Unreachable }
  | { readonly type: 'hidden' | 'visible' }
  | { readonly type: 'tick' };

/** What the driver has to do: a new session, an ICE restart, or letting go. */
export type Effect = 'ask' | 'restart' | 'close' | undefined;

export type Step = readonly [State, Effect];

/** ICE pairs up within a second where it can; from then on a viewer deserves a reason. */
const ICE_SAYS_WHY = 5_000;
/** Browsers give up checking after 15 to 30 s; a fresh session has fresh candidates. */
const ICE_GIVES_UP = 15_000;
/** `disconnected` often heals by itself within this time. */
const ICE_GRACE = 1_500;
/** A second restart in a row has never helped where a new session did not. */
const RESTARTS = 2;
/** With a cached keyframe the first picture takes 0.2 s; after this something is wrong. */
const FIRST_FRAME_SAYS_WHY = 5_000;
/** A camera at 1 frame a second is not a stalled one. */
const STALL = 3_000;
/** A jitter buffer is empty after this. */
const OUTDATED = 1_000;
/** Playing for this long makes the next failure a first one. */
const LASTING = 10_000;

/** Trying again cannot help: somebody has to change something first. */
const FINAL: ReadonlySet<string> = new Set([
  'unauthorized',
  'forbidden',
  'grant_expired',
  'origin_not_allowed',
  'host_not_allowed',
  'codec_not_offered',
  'codec_not_decodable',
  'sdp_invalid',
  'name_invalid',
  'stream_removed',
  'webrtc_missing',
]);

/** The hub is busy waiting for the source; asking again soon is right, and no failure. */
const SOURCE: ReadonlySet<string> = new Set(['stream_not_live', 'no_keyframe', 'b_frames']);

export const codeOf = (problem: Problem | LocalCode): string =>
  typeof problem === 'string' ? problem : problem.code;

export const isFinal = (problem: Problem | LocalCode): boolean => FINAL.has(codeOf(problem));

const isSource = (problem: Problem | LocalCode): boolean => {
  const code = codeOf(problem);
  return SOURCE.has(code) || code.startsWith('camera_') || code === 'udp_silent';
};

export const start = (now: number): State => ({
  phase: 'idle',
  since: now,
  ice: 'new',
  iceSince: now,
  packets: false,
  tries: 0,
  restarts: 0,
});

const stay = (state: State): Step => [state, undefined];

/** The same state in another phase; `since` moves only when the phase does. */
function enter(state: State, phase: Phase, now: number, more: Partial<State> = {}): State {
  return { ...state, ...more, phase, since: phase === state.phase ? state.since : now };
}

/** Without its problem and its appointment. */
function cleared(state: State): State {
  const { problem: _problem, retryAt: _retryAt, ...rest } = state;
  return rest;
}

function ask(state: State, now: number, tries: number): Step {
  // What was shown stays until something better is known, or a retry would flash.
  const phase = state.phase === 'waiting' || state.phase === 'failed' ? state.phase : 'asking';
  const base = phase === 'asking' ? cleared(state) : state;
  const { retryAt: _retryAt, hub: _hub, lastFrame: _last, ...rest } = base;
  const { warning: _warning, layer: _layer, ...kept } = rest;
  const fresh = { ...kept, ice: 'new', iceSince: now, packets: false, restarts: 0, tries } as const;
  return [enter(fresh, phase, now), 'ask'];
}

function fail(state: State, problem: Problem | LocalCode, now: number, chance: number): Step {
  const phase = isSource(problem) ? 'waiting' : 'failed';
  if (isFinal(problem)) return [enter({ ...cleared(state), problem }, phase, now), 'close'];
  const told = typeof problem === 'string' ? undefined : problem.retryAfter;
  const retryAt = now + Math.max(wait(state.tries, chance), (told ?? 0) * 1_000);
  return [enter({ ...state, problem, retryAt }, phase, now, { tries: state.tries + 1 }), 'close'];
}

function onProblem(state: State, problem: Problem | LocalCode, now: number, chance: number): Step {
  // The hub was restarted, or our session outlived its minute: a new one, at once.
  if (codeOf(problem) === 'session_not_found' && state.tries === 0) return ask(state, now, 1);
  return fail(state, problem, now, chance);
}

/** Where a session stands that has no problem. */
function standing(state: State): Phase {
  if (state.lastFrame !== undefined) return state.hub === 'catching_up' ? 'catching_up' : 'live';
  if (state.ice === 'connected') return 'first_frame';
  return 'connecting';
}

/** The source is the cause; `reason` says more, if the hub knows. */
function onWaiting(state: State, reason: Problem | undefined, now: number): State {
  // Said again without a reason, while pictures come: the pictures know better.
  if (state.hub === 'waiting' && state.lastFrame !== undefined && !reason) return state;
  const { problem: _problem, lastFrame: _last, ...still } = state;
  const hub = 'waiting' as const;
  return enter({ ...still, hub, ...(reason && { problem: reason }) }, 'waiting', now);
}

/** What else the hub says with its state: gone when it is no longer said. */
function noted(before: State, { warning, layer }: Event & { type: 'hub' }): State {
  const { warning: _warning, layer: _layer, ...state } = before;
  return { ...state, ...(warning && { warning }), ...(layer !== undefined && { layer }) };
}

function onHub(before: State, event: Event & { type: 'hub' }, now: number, chance: number): Step {
  const state = noted(before, event);
  const next: State = { ...state, hub: event.state };
  if (event.state === 'closed') {
    if (event.reason?.code === 'tracks_changed') return ask(state, now, state.tries);
    if (!event.reason && state.tries === 0) return ask(next, now, 1);
    return fail(next, event.reason ?? 'no_picture', now, chance);
  }
  if (event.state === 'waiting') return stay(onWaiting(state, event.reason, now));
  // What is in the way of media, as the hub sees it, before the browser gives up.
  if (event.state === 'connecting' && event.reason && state.phase === 'connecting') {
    return stay({ ...next, problem: event.reason });
  }
  if (state.phase === 'failed' || state.retryAt !== undefined) return stay(next);
  // Alive again: a picture follows, and until then the last reason would be a lie.
  if (state.phase === 'waiting') return stay(enter(cleared(next), standing(next), now));
  return stay(state.lastFrame === undefined ? next : enter(next, standing(next), now));
}

function onAnswered(state: State, now: number): State {
  if (state.ice !== 'new') return state;
  const next: State = { ...state, iceSince: now };
  return state.hub === 'waiting' ? next : enter(cleared(next), 'connecting', now);
}

function onIce(state: State, ice: RTCPeerConnectionState, now: number): Step {
  if (ice === 'connected') {
    const next: State = { ...state, ice: 'connected', iceSince: now, restarts: 0 };
    if (state.phase === 'waiting') return stay(next);
    return stay(enter(cleared(next), standing(next), now));
  }
  if (ice === 'failed') return broken({ ...state, ice: 'broken', iceSince: now }, now);
  if (ice === 'disconnected' && state.ice === 'connected') {
    return stay({ ...state, ice: 'broken', iceSince: now });
  }
  return stay(state);
}

/** The way through the network is gone: restart it, and after that begin anew. */
function broken(state: State, now: number): Step {
  if (state.restarts >= RESTARTS) return ask(state, now, state.tries + 1);
  return [{ ...state, restarts: state.restarts + 1, iceSince: now }, 'restart'];
}

function onTick(state: State, now: number, chance: number): Step {
  if (state.retryAt !== undefined) {
    return now >= state.retryAt ? ask(state, now, state.tries) : stay(state);
  }
  if (isStopped(state)) return stay(state);
  if (state.ice === 'broken') {
    return now - state.iceSince >= ICE_GRACE * (state.restarts + 1)
      ? broken(state, now)
      : stay(state);
  }
  if (state.ice === 'new') return whileConnecting(state, now, chance);
  return whileConnected(state, now);
}

const isStopped = (state: State): boolean =>
  state.phase === 'failed' && state.problem !== undefined && isFinal(state.problem);

function whileConnecting(state: State, now: number, chance: number): Step {
  if (state.phase !== 'connecting') return stay(state);
  // What the hub has said of it is more than that it failed.
  const known = state.problem ?? 'ice_failed';
  if (now - state.iceSince >= ICE_GIVES_UP) return fail(state, known, now, chance);
  if (now - state.iceSince >= ICE_SAYS_WHY && !state.problem) {
    // Said while it goes on trying: the way may still be found.
    return stay({ ...state, problem: 'ice_failed' });
  }
  return stay(state);
}

function whileConnected(state: State, now: number): Step {
  const awaited = state.phase === 'first_frame' && now - state.since >= FIRST_FRAME_SAYS_WHY;
  if (awaited && !state.problem) {
    return stay({ ...state, problem: state.packets ? 'codec_not_decodable' : 'no_picture' });
  }
  const moving = state.phase === 'live' || state.phase === 'catching_up';
  if (moving && state.lastFrame !== undefined && now - state.lastFrame >= STALL) {
    const { lastFrame: _last, ...rest } = state;
    const problem = state.lost ?? 'no_picture';
    return stay(enter({ ...rest, problem }, state.lost ? 'failed' : 'waiting', now));
  }
  if (moving && state.tries > 0 && now - state.since >= LASTING)
    return stay({ ...state, tries: 0 });
  return stay(state);
}

function onFrame(state: State, now: number): Step {
  if (state.phase === 'asking' || state.retryAt !== undefined) {
    return stay(state);
  }
  // What was on its way when the source went; the hub's word counts until it must be outdated.
  if (state.hub === 'waiting' && now - state.since < OUTDATED) return stay(state);
  const next = { ...cleared(state), lastFrame: now };
  return stay(enter(next, standing(next), now));
}

function reachable(state: State): State {
  const { lost: _lost, ...rest } = state;
  return rest;
}

function onUnreachable(state: State, lost: Unreachable, now: number): Step {
  // Media goes on without the socket; only who has no picture needs to hear of it.
  if (state.lastFrame !== undefined) return stay({ ...state, lost });
  return stay(enter({ ...state, lost, problem: lost }, 'failed', now));
}

/** Late news of a session that was let go change nothing. */
function whileIdle(state: State, event: Event, now: number): Step {
  const back = event.type === 'visible' && state.problem === 'tab_hidden';
  const asked = event.type === 'play' || event.type === 'retry';
  return back || asked ? ask(cleared(state), now, 0) : stay(state);
}

/**
 * One step. `now` in milliseconds of any one clock; `chance` in 0..1 spreads retries.
 */
export function step(state: State, event: Event, now: number, chance: number): Step {
  if (state.phase === 'idle') return whileIdle(state, event, now);
  switch (event.type) {
    case 'play':
      return stay(state);
    case 'retry':
      return ask(state, now, state.tries);
    case 'stop':
      return [start(now), 'close'];
    case 'answered':
      return stay(onAnswered(state, now));
    case 'hub':
      return onHub(state, event, now, chance);
    case 'problem':
      return onProblem(state, event.problem, now, chance);
    case 'ice':
      return onIce(state, event.state, now);
    case 'network':
      return state.ice === 'new' ? stay(state) : broken(state, now);
    case 'packets':
      return stay(state.packets ? state : { ...state, packets: true });
    case 'frame':
      return onFrame(state, now);
    case 'reachable':
      return stay(reachable(state));
    case 'unreachable':
      return onUnreachable(state, event.code, now);
    case 'hidden':
      return [enter({ ...start(now), problem: 'tab_hidden' }, 'idle', now), 'close'];
    case 'visible':
      return stay(state);
    case 'tick':
      return onTick(state, now, chance);
  }
}
