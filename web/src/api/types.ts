/**
 * Bodies of `/api/v1`, as the hub sends them (`crates/hub/src/views.rs`, `crates/api/src/body.rs`).
 * Written by hand for now: they are to be generated from `/openapi.json` once the hub serves it.
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

export interface StreamList {
  readonly items: readonly Stream[];
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
