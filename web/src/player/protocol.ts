/**
 * The hub's WebSocket protocol, as types and a reader. One socket carries many sessions; `id` is
 * ours and unique on it. Nothing here touches a socket.
 */

/** What went wrong: the hub's `application/problem+json`, or one that only the browser can know. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly fix?: string;
  /** Seconds after which the hub thinks another try worth while. */
  readonly retryAfter?: number;
}

/** What the hub says of a session. */
export type HubState = 'connecting' | 'connected' | 'catching_up' | 'live' | 'waiting' | 'closed';

const HUB_STATES: ReadonlySet<string> = new Set<HubState>([
  'connecting',
  'connected',
  'catching_up',
  'live',
  'waiting',
  'closed',
]);

export type FromHub =
  | { readonly type: 'hello'; readonly iceServers: RTCIceServer[]; readonly resumeSeconds: number }
  | { readonly type: 'answer'; readonly id: string; readonly session: string; readonly sdp: string }
  | { readonly type: 'candidate'; readonly id: string; readonly candidate: RTCIceCandidateInit }
  | {
      readonly type: 'state';
      readonly id: string;
      readonly state: HubState;
      readonly reason?: Problem;
      /** It plays, but its viewer should know. */
      readonly warning?: Problem;
      /** Which picture of the scene: 0 the main one, 1 the small one; absent without a choice. */
      readonly layer?: number;
      readonly delayMs?: number;
    }
  | { readonly type: 'problem'; readonly id?: string; readonly problem: Problem }
  | { readonly type: 'close'; readonly id: string };

/** What the player measures, each second or faster. Counters count from the session's start. */
export interface Report {
  readonly frames_decoded?: number;
  readonly frames_received?: number;
  readonly key_frames_decoded?: number;
  readonly frames_dropped?: number;
  readonly frames_per_second?: number;
  readonly jitter_buffer_ms?: number;
  readonly playout_delay_ms?: number;
  readonly freezes?: number;
  readonly freeze_ms?: number;
  readonly packets_received?: number;
  readonly packets_lost?: number;
  readonly jitter_ms?: number;
  readonly rtt_ms?: number;
  readonly bitrate_bps?: number;
  readonly width?: number;
  readonly height?: number;
  readonly delay_ms?: number;
  /** Width and height on the screen in device pixels; 0 and 0: not seen. */
  readonly tile?: readonly [number, number];
}

export type ToHub =
  | { readonly type: 'hello'; readonly version: 1; readonly token?: string }
  | { readonly type: 'watch'; readonly id: string; readonly stream: string; readonly sdp: string }
  | ({ readonly type: 'candidate'; readonly id: string } & Candidate)
  | { readonly type: 'restart'; readonly id: string; readonly sdp: string }
  | { readonly type: 'resume'; readonly id: string; readonly session: string }
  | { readonly type: 'grant'; readonly id: string; readonly token: string }
  | ({ readonly type: 'report'; readonly id: string } & Report)
  | { readonly type: 'close'; readonly id: string };

/** A trickled candidate; `null`: there are no more. */
export interface Candidate {
  readonly candidate: string | null;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
}

type Bag = Readonly<Record<string, unknown>>;

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** Reads a problem from a body or a message; anything else becomes `undefined`. */
export function readProblem(value: unknown): Problem | undefined {
  if (!isBag(value)) return undefined;
  const code = text(value.code);
  if (code === undefined) return undefined;
  const detail = text(value.detail);
  const fix = text(value.fix);
  const retryAfter = number(value.retry_after);
  return {
    code,
    title: text(value.title) ?? code,
    ...(detail !== undefined && { detail }),
    ...(fix !== undefined && { fix }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

function readState(bag: Bag, id: string): FromHub | undefined {
  const state = text(bag.state);
  if (state === undefined || !HUB_STATES.has(state)) return undefined;
  const reason = readProblem(bag.reason);
  const warning = readProblem(bag.warning);
  const layer = number(bag.layer);
  const delayMs = number(bag.delay_ms);
  return {
    type: 'state',
    id,
    state: state as HubState,
    ...(reason && { reason }),
    ...(warning && { warning }),
    ...(layer !== undefined && { layer }),
    ...(delayMs !== undefined && { delayMs }),
  };
}

function readCandidate(bag: Bag, id: string): FromHub {
  const sdpMid = text(bag.sdpMid);
  return {
    type: 'candidate',
    id,
    candidate: {
      candidate: text(bag.candidate) ?? '',
      ...(sdpMid !== undefined && { sdpMid }),
      sdpMLineIndex: number(bag.sdpMLineIndex) ?? 0,
    },
  };
}

function readHello(bag: Bag): FromHub {
  const servers = Array.isArray(bag.ice_servers) ? bag.ice_servers : [];
  return {
    type: 'hello',
    iceServers: servers.filter((one): one is RTCIceServer => isBag(one) && 'urls' in one),
    resumeSeconds: number(bag.resume_seconds) ?? 60,
  };
}

function readOfSession(bag: Bag, id: string): FromHub | undefined {
  switch (bag.type) {
    case 'answer': {
      const session = text(bag.session);
      const sdp = text(bag.sdp);
      return session && sdp ? { type: 'answer', id, session, sdp } : undefined;
    }
    case 'candidate':
      return readCandidate(bag, id);
    case 'state':
      return readState(bag, id);
    case 'close':
      return { type: 'close', id };
    default:
      return undefined;
  }
}

/** Reads one text message; what a newer hub may say beyond this is `undefined`, not an error. */
export function read(message: string): FromHub | undefined {
  let bag: unknown;
  try {
    bag = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (!isBag(bag)) return undefined;
  if (bag.type === 'hello') return readHello(bag);
  const id = text(bag.id);
  if (bag.type === 'problem') {
    const problem = readProblem(bag);
    return problem && { type: 'problem', problem, ...(id !== undefined && { id }) };
  }
  return id === undefined ? undefined : readOfSession(bag, id);
}
