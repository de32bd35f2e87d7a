/**
 * Bodies of `/api/v1` as these pages read them: choices by their words. `agreed.ts` holds them to
 * what the hub says of itself.
 */

/** `application/problem+json` (RFC 9457) with our stable `code`. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly fix?: string;
  readonly instance?: string;
}

export type StreamStateName = 'idle' | 'connecting' | 'live' | 'stalled' | 'retrying' | 'parked';

export interface StreamState {
  readonly name: StreamStateName;
  /** RFC 3339. */
  readonly since: string;
  /** RFC 3339; when the next try begins. */
  readonly retry_at?: string;
  readonly problem?: ProblemBody;
}

export interface Source {
  readonly kind: 'rtsp' | 'demo' | 'none';
  /** Without its password. */
  readonly url?: string;
  readonly has_password: boolean;
}

export interface Track {
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly profile?: string;
  readonly width?: number;
  readonly height?: number;
  readonly clock_rate: number;
  readonly channels?: number;
  /** What the camera sends, where the hub makes something else of it. */
  readonly converted_from?: { readonly codec: string };
}

export interface StreamStats {
  readonly bitrate_bps: number;
  readonly frames_per_second: number;
  readonly keyframe_interval_ms?: number | null;
  readonly lost_packets: number;
  readonly reconnects: number;
  readonly watching: number;
}

export interface Stream {
  readonly name: string;
  /** Path of its page. */
  readonly page: string;
  readonly source: Source;
  readonly transport: 'auto' | 'tcp' | 'udp';
  readonly on_demand: boolean;
  readonly viewers: 'anyone' | 'grant';
  readonly delay_limit_ms?: number | null;
  readonly state: StreamState;
  readonly warnings: readonly ProblemBody[];
  readonly tracks: readonly Track[];
  readonly stats: StreamStats;
  /** A smaller picture of the same scene. */
  readonly substream?: Substream;
}

export interface Substream {
  readonly source: Source;
  readonly state: StreamState;
  readonly warnings: readonly ProblemBody[];
  readonly tracks: readonly Track[];
  readonly stats: Omit<StreamStats, 'watching'>;
}

export interface List<T> {
  readonly items: readonly T[];
  /** What to ask for next as `after`; absent at the end. */
  readonly next?: string | null;
}

/** Keys of a stream to set; null brings a default back. */
export interface StreamPatch {
  readonly source?: string;
  readonly substream?: string | null;
  readonly transport?: Stream['transport'];
  readonly on_demand?: boolean;
  /** With its unit, such as `500ms`. */
  readonly delay_limit?: string | null;
  readonly viewers?: Stream['viewers'];
}

export interface Session {
  readonly id: string;
  readonly stream: string;
  /** RFC 3339. */
  readonly since: string;
  readonly state: 'connecting' | 'connected' | 'closed';
  readonly showing: string;
  readonly reason?: ProblemBody;
  readonly transport?: 'udp' | 'tcp' | 'socket' | null;
  readonly remote?: string | null;
  readonly codec: readonly string[];
  readonly bitrate_bps: number;
  readonly rtt_ms?: number | null;
  readonly loss_ratio?: number | null;
  readonly delay_ms?: number | null;
  readonly layer: number;
  readonly warnings: readonly ProblemBody[];
}

/** A state that a stream took on. */
export interface Change {
  /** RFC 3339. */
  readonly at: string;
  readonly state: StreamStateName;
  readonly problem?: ProblemBody;
}

export type Span = '10m' | '24h';

/** Curves: one value a step, null where nothing is known. */
export interface Curves {
  readonly step_ms: number;
  /** When the first step began; RFC 3339. */
  readonly from: string;
  readonly bitrate_bps: readonly (number | null)[];
  readonly frames_per_second: readonly (number | null)[];
  readonly lost_ratio: readonly (number | null)[];
  readonly delay_ms: readonly (number | null)[];
  readonly watching: readonly (number | null)[];
}

export type Level = 'error' | 'warn' | 'info' | 'debug' | 'trace';

export interface LogLine {
  readonly id: number | string;
  /** RFC 3339. */
  readonly at: string;
  readonly level: Level;
  readonly target: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Scope = 'watch' | 'publish' | 'control';

export interface TokenRequest {
  readonly name: string;
  readonly streams: readonly string[];
  readonly scope: readonly Scope[];
  /** Unix seconds. */
  readonly expires_at: number;
  /** A link for one stream, to watch. */
  readonly guest: boolean;
}

export interface Token {
  readonly id: string;
  readonly kind: 'administrator' | 'grant';
  readonly name: string;
  readonly streams: readonly string[];
  readonly scope: readonly Scope[];
  readonly guest: boolean;
  /** Unix seconds. */
  readonly created_at: number;
  readonly expires_at?: number | null;
  readonly revoked_at?: number | null;
}

export interface NewToken extends Token {
  /** Shown this once. */
  readonly token: string;
  /** A guest's link. */
  readonly url?: string | null;
}

export interface Me {
  readonly role: 'administrator' | 'anonymous';
  /** Whether somebody owns this hub already. */
  readonly claimed: boolean;
  readonly version: string;
}

export interface ClaimRequest {
  readonly secret: string;
  readonly show_token?: boolean;
}

export interface LoginRequest {
  readonly token: string;
}

/** Answer to a claim and to a log-in; the cookie is in its header. */
export interface SignedIn {
  readonly role: Me['role'];
  /** Only when asked for; cannot be shown again. */
  readonly administrator_token?: string;
}

export interface ProbeStep {
  readonly name: string;
  readonly state: 'done' | 'failed' | 'skipped';
  readonly detail?: string;
  readonly ms: number;
}

export type Receiver = 'chrome' | 'safari' | 'firefox' | 'rtsp';

export interface Plays {
  readonly verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
  /** A code. */
  readonly reason?: string;
}

export interface ProbedTrack extends Track {
  readonly plays: Readonly<Record<Receiver, Plays>>;
  readonly frames_per_second?: number | null;
  readonly keyframe_interval_ms?: number | null;
}

export interface ProbeResult {
  readonly steps: readonly ProbeStep[];
  readonly tracks: readonly ProbedTrack[];
  readonly warnings: readonly ProblemBody[];
  readonly problem?: ProblemBody;
}

export type SettingKind =
  | 'address'
  | 'url'
  | 'path'
  | 'boolean'
  | 'number'
  | 'size'
  | 'time'
  | 'choice'
  | 'addresses'
  | 'networks'
  | 'ice_servers';

export interface Setting {
  /** With dots: `media.port`. */
  readonly key: string;
  readonly kind: SettingKind;
  /** The words of a `choice`. */
  readonly choices?: readonly string[];
  /** Null when it is nothing. */
  readonly value: unknown;
  readonly from: 'flag' | 'environment' | 'file' | 'default';
  /** The variable or flag that sets it; the file cannot change it then. */
  readonly set_by?: string;
  /** Whether a change waits for the next start. */
  readonly restart: boolean;
  /** What it is for; in English, as the example file has it. */
  readonly about: string;
}

export interface Settings {
  /** Where the file is, or would be. */
  readonly file: string;
  readonly writable: boolean;
  readonly items: readonly Setting[];
}

/** What a change of the settings would do. */
export interface SettingsPlan {
  /** Unified diff, without secrets. */
  readonly diff: string;
  readonly restarts: readonly string[];
  readonly streams_restarted: readonly string[];
}
