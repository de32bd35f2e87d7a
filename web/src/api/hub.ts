/** Made from docs/openapi.json by `npm run api`: change the hub, not this. */

export type Code = string;
/**
 * Why it is not simply yes.
 */
export type Reason = 'hardware' | 'codec' | 'profile' | 'b_frames';
/**
 * What one may do with a stream.
 */
export type Scope = 'watch' | 'publish' | 'control';
/**
 * Which streams: `gate`, all below `phones/*`, or all: `*`.
 */
export type Pattern = string;
/**
 * How grave a line is, the gravest first.
 */
export type Level = 'error' | 'warn' | 'info' | 'debug' | 'trace';
/**
 * Who may be a stream's source.
 */
export type Publish = 'anyone' | 'grant';
/**
 * How RTSP media travels.
 */
export type Transport = 'auto' | 'tcp' | 'udp';
/**
 * Who may watch a stream.
 */
export type Viewers = 'anyone' | 'grant';
/**
 * Who a caller is, as told to the caller.
 */
export type Role = 'administrator' | 'anonymous';
/**
 * 1 to 4 parts of a to z, 0 to 9, - and _, joined by /.
 */
export type StreamName = string;
/**
 * What a step came to.
 */
export type State = 'done' | 'failed' | 'skipped';
/**
 * The steps in the order in which they are taken.
 */
export type Step =
  'name' | 'port' | 'rtsp' | 'login' | 'describe' | 'setup' | 'packets' | 'keyframe';
/**
 * Whom a token makes of its bearer.
 */
export type TokenKind = 'administrator' | 'grant';
/**
 * Seconds since 1970-01-01 UTC.
 */
export type UnixTime = number;
/**
 * Whether it plays.
 */
export type Verdict = 'yes' | 'maybe' | 'no' | 'audio_converted';

export interface Bodies {
  Back?: Back;
  ClaimRequest?: ClaimRequest;
  Code?: Code;
  Consumer?: Consumer;
  CurvesView?: CurvesView;
  Description?: Description;
  Ended?: Ended;
  Found?: Found;
  FoundTrack?: FoundTrack;
  Frame?: Frame;
  GrantAnswer?: GrantAnswer;
  GrantRequest?: GrantRequest;
  Level?: Level;
  Line?: Line;
  LineList?: LineList;
  Lines?: Lines;
  LoginRequest?: LoginRequest;
  Me?: Me;
  NewStream?: NewStream;
  Part?: Part;
  Pattern?: Pattern;
  Play?: Play4;
  Plays?: Plays1;
  Problem?: Problem;
  Producer?: Producer;
  Publish?: Publish;
  Readiness?: Readiness;
  Reason?: Reason;
  Role?: Role;
  Scope?: Scope;
  SessionView?: SessionView;
  SessionViewList?: SessionViewList;
  SignedIn?: SignedIn;
  Size?: Size;
  SoundView?: SoundView;
  Source?: Source;
  SourceStatsView?: SourceStatsView;
  SourceView?: SourceView;
  State?: State;
  StateView?: StateView;
  StatsView?: StatsView;
  Step?: Step;
  Stood?: Stood;
  StoodList?: StoodList;
  Stream?: Stream;
  StreamName?: StreamName;
  StreamPatch?: StreamPatch;
  StreamView?: StreamView;
  StreamViewList?: StreamViewList;
  SubstreamView?: SubstreamView;
  TokenKind?: TokenKind;
  TokenMade?: TokenMade;
  TokenRequest?: TokenRequest;
  TokenView?: TokenView;
  TokenViewList?: TokenViewList;
  TrackView?: TrackView;
  Transport?: Transport;
  UnixTime?: UnixTime;
  Verdict?: Verdict;
  Viewers?: Viewers;
  Wanted?: Wanted;
  Wish?: Wish;
}
/**
 * How far back.
 */
export interface Back {
  /**
   * `10m`, every 2 s, or `24h`, every 2 min; `10m` when absent.
   */
  span?: string | null;
}
/**
 * Body of `POST /api/v1/claim`.
 */
export interface ClaimRequest {
  /**
   * What stands behind `#` in the claim link.
   */
  secret: string;
  /**
   * Whether to make an administrator's token and show it, this once.
   */
  show_token?: boolean;
}
/**
 * One who watches; so many as do.
 */
export interface Consumer {
  format_name: string;
}
/**
 * A stream's last minutes or hours: all lists are as long, null where nothing is known.
 */
export interface CurvesView {
  /**
   * What the source sent, bits a second.
   */
  bitrate_bps: (number | null)[];
  /**
   * Capture or arrival to display: the middle one of those who watched.
   */
  delay_ms: (number | null)[];
  /**
   * Pictures a second.
   */
  frames_per_second: (number | null)[];
  /**
   * When the first value was, as RFC 3339.
   */
  from: string;
  /**
   * Packets of the source that never came, of all: 0 to 1.
   */
  lost_ratio: (number | null)[];
  /**
   * Time between two values.
   */
  step_ms: number;
  /**
   * How many watched.
   */
  watching: (number | null)[];
}
/**
 * An offer or an answer.
 */
export interface Description {
  sdp: string;
  /**
   * `offer` or `answer`.
   */
  type: string;
}
/**
 * One step, ended.
 */
export interface Ended {
  /**
   * What was found, in a few words.
   */
  detail?: string | null;
  /**
   * How long it took.
   */
  ms: number;
  /**
   * Which.
   */
  name: 'name' | 'port' | 'rtsp' | 'login' | 'describe' | 'setup' | 'packets' | 'keyframe';
  /**
   * What it came to.
   */
  state: 'done' | 'failed' | 'skipped';
}
/**
 * What was found.
 */
export interface Found {
  /**
   * Why it does not play.
   */
  problem?: Problem | null;
  /**
   * The way to the picture; all steps, in order.
   */
  steps: Ended[];
  /**
   * What the camera sends.
   */
  tracks: FoundTrack[];
  /**
   * What is not as it should be, though it plays.
   */
  warnings: Problem[];
}
/**
 * What went wrong (RFC 9457).
 */
export interface Problem {
  /**
   * Stable: match on this.
   */
  code: string;
  /**
   * What happened this time.
   */
  detail: string | null;
  /**
   * What to do about it.
   */
  fix: string | null;
  /**
   * The path that was asked for.
   */
  instance: string | null;
  /**
   * The HTTP status of its answer.
   */
  status: number;
  /**
   * The code in a few words.
   */
  title: string;
  /**
   * Always `about:blank`: the code says which problem it is.
   */
  type: string;
}
/**
 * One of the camera's tracks.
 */
export interface FoundTrack {
  /**
   * Whether frames come in another order than they are shown in; absent for sound.
   */
  b_frames?: boolean | null;
  channels?: number | null;
  clock_rate: number;
  /**
   * As SDP spells it.
   */
  codec: string;
  /**
   * What the camera sends, when that is not what is played.
   */
  converted_from?: SoundView | null;
  /**
   * Measured.
   */
  frames_per_second?: number | null;
  /**
   * Of the picture, in pixels.
   */
  height?: number | null;
  /**
   * Measured; absent when a second keyframe did not come in time.
   */
  keyframe_interval_ms?: number | null;
  /**
   * `video` or `audio`.
   */
  kind: string;
  plays: Plays;
  profile?: string | null;
  /**
   * The profile as people say it.
   */
  profile_name?: string | null;
  /**
   * Of the picture, in pixels.
   */
  width?: number | null;
}
/**
 * Sound as a camera sends it.
 */
export interface SoundView {
  channels: number;
  clock_rate: number;
  codec: string;
}
/**
 * Who can play it.
 */
export interface Plays {
  chrome: Play;
  firefox: Play1;
  rtsp: Play2;
  safari: Play3;
}
/**
 * Chrome, Edge and their like, on computers and Android.
 */
export interface Play {
  /**
   * Why not simply yes.
   */
  reason?: Reason | null;
  /**
   * Whether.
   */
  verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
}
/**
 * Firefox.
 */
export interface Play1 {
  /**
   * Why not simply yes.
   */
  reason?: Reason | null;
  /**
   * Whether.
   */
  verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
}
/**
 * Programs that take RTSP: VLC, ffmpeg, recorders.
 */
export interface Play2 {
  /**
   * Why not simply yes.
   */
  reason?: Reason | null;
  /**
   * Whether.
   */
  verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
}
/**
 * Safari, and every browser on an iPhone.
 */
export interface Play3 {
  /**
   * Why not simply yes.
   */
  reason?: Reason | null;
  /**
   * Whether.
   */
  verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
}
/**
 * Which stream's picture, and how wide.
 */
export interface Frame {
  /**
   * A stream's name.
   */
  src: string;
  /**
   * In pixels; the picture keeps its shape and is never enlarged.
   */
  width?: number | null;
}
/**
 * Answer of `POST /api/v1/grants`.
 */
export interface GrantAnswer {
  /**
   * When it ends; to be renewed before.
   */
  expires_at: number;
  /**
   * The signed grant, for `Authorization: Bearer` or the first message of a socket.
   */
  token: string;
}
/**
 * Body of `POST /api/v1/grants`.
 */
export interface GrantRequest {
  /**
   * To do what.
   */
  scope: Scope[];
  /**
   * For which streams.
   */
  streams: Pattern[];
}
/**
 * One line.
 */
export interface Line {
  /**
   * When, as RFC 3339.
   */
  at: string;
  /**
   * What it says it about: `stream`, `session`, `code`, ..
   */
  fields: {
    [k: string]: string;
  };
  /**
   * Counts up by one.
   */
  id: number;
  /**
   * How grave.
   */
  level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /**
   * What it says.
   */
  message: string;
  /**
   * The part of the program that says so.
   */
  target: string;
}
/**
 * A part of a list.
 */
export interface LineList {
  /**
   * The items.
   */
  items: Line[];
  /**
   * What `after` must say to get the next part; absent in the last one.
   */
  next?: string | null;
}
/**
 * Which lines of the log.
 */
export interface Lines {
  /**
   * Lines before that one: what `next` of the part before said.
   */
  after?: number | null;
  /**
   * Lines that are as grave or graver: `error`, `warn`, `info`, `debug` or `trace`.
   */
  level?: Level | null;
  /**
   * How many at most: 1 to 1,000, and 1,000 when absent.
   */
  limit?: number | null;
  /**
   * Lines about that stream.
   */
  stream?: string | null;
}
/**
 * Body of `POST /api/v1/login`.
 */
export interface LoginRequest {
  /**
   * An administrator's token.
   */
  token: string;
}
/**
 * Answer of `GET /api/v1/me`.
 */
export interface Me {
  /**
   * Whether somebody owns this hub already.
   */
  claimed: boolean;
  /**
   * What the caller's cookie or token makes it.
   */
  role: 'administrator' | 'anonymous';
  /**
   * The running program's version.
   */
  version: string;
}
/**
 * A new stream as a request describes it.
 */
export interface NewStream {
  /**
   * How far a viewer may fall behind: `500ms`, `2s`.
   */
  delay_limit?: string | null;
  /**
   * What it is to be called.
   */
  name: string;
  /**
   * Whether the source runs only while somebody watches.
   */
  on_demand?: boolean | null;
  /**
   * Who may be its source.
   */
  publish?: Publish | null;
  /**
   * `rtsp://..`, `demo`; none: whoever publishes.
   */
  source?: string | null;
  /**
   * A smaller picture of the same scene.
   */
  substream?: string | null;
  /**
   * How RTSP media travels.
   */
  transport?: Transport | null;
  /**
   * Who may watch.
   */
  viewers?: Viewers | null;
}
/**
 * Which part of a list.
 */
export interface Part {
  /**
   * What `next` of the part before said.
   */
  after?: string | null;
  /**
   * How many items at most: 1 to 1,000, and 1,000 when absent.
   */
  limit?: number | null;
}
/**
 * One judgement.
 */
export interface Play4 {
  /**
   * Why not simply yes.
   */
  reason?: Reason | null;
  /**
   * Whether.
   */
  verdict: 'yes' | 'maybe' | 'no' | 'audio_converted';
}
/**
 * What each of those who watch makes of a track.
 */
export interface Plays1 {
  chrome: Play;
  firefox: Play1;
  rtsp: Play2;
  safari: Play3;
}
/**
 * Where a stream comes from.
 */
export interface Producer {
  /**
   * Without its password; for administrators the address, for others the kind.
   */
  url: string;
}
/**
 * Whether it serves.
 */
export interface Readiness {
  /**
   * `ready` or `stopping`.
   */
  status: string;
}
/**
 * One session.
 */
export interface SessionView {
  bitrate_bps: number;
  codec: string[];
  /**
   * Who says so.
   */
  delay_from?: string | null;
  delay_ms?: number | null;
  dropped_frames: number;
  /**
   * What the link is estimated to bear, while anything depends on that.
   */
  estimate_bps: number | null;
  id: string;
  /**
   * Which picture of the scene is shown: 0 = the stream, 1 = its substream.
   */
  layer: number;
  local: string | null;
  loss_ratio: number | null;
  /**
   * `watch` or `publish`.
   */
  purpose: string;
  reason?: Problem | null;
  remote: string | null;
  retransmitted: number;
  rtt_ms: number | null;
  showing: string;
  since: string;
  state: string;
  stream: StreamName;
  transport: string | null;
  warnings: Problem[];
}
/**
 * A part of a list.
 */
export interface SessionViewList {
  /**
   * The items.
   */
  items: SessionView[];
  /**
   * What `after` must say to get the next part; absent in the last one.
   */
  next?: string | null;
}
/**
 * Answer of `POST /api/v1/claim` and `POST /api/v1/login`; the cookie is in its header.
 */
export interface SignedIn {
  /**
   * Only when it was asked for; cannot be shown again.
   */
  administrator_token?: string | null;
  /**
   * Always the administrator for now.
   */
  role: 'administrator' | 'anonymous';
}
/**
 * What may be asked for.
 */
export interface Size {
  /**
   * In pixels; the picture keeps its shape and is never enlarged.
   */
  width?: number | null;
}
/**
 * Which stream.
 */
export interface Source {
  /**
   * A stream's name.
   */
  src?: string | null;
}
export interface SourceStatsView {
  bitrate_bps: number;
  frames_per_second: number;
  keyframe_interval_ms: number | null;
  lost_packets: number;
  reconnects: number;
}
export interface SourceView {
  has_password: boolean;
  kind: string;
  url?: string | null;
}
export interface StateView {
  name: string;
  problem?: Problem | null;
  retry_at?: string | null;
  since: string;
}
export interface StatsView {
  bitrate_bps: number;
  frames_per_second: number;
  keyframe_interval_ms: number | null;
  lost_packets: number;
  reconnects: number;
  watching: number;
}
/**
 * How a stream's source stood.
 */
export interface Stood {
  /**
   * From when on, as RFC 3339.
   */
  at: string;
  /**
   * Why.
   */
  problem?: Problem | null;
  /**
   * The state's word, as in a stream's `state.name`.
   */
  state: string;
}
/**
 * A part of a list.
 */
export interface StoodList {
  /**
   * The items.
   */
  items: Stood[];
  /**
   * What `after` must say to get the next part; absent in the last one.
   */
  next?: string | null;
}
/**
 * A stream as go2rtc shows one.
 */
export interface Stream {
  consumers: Consumer[];
  producers: Producer[];
}
/**
 * Keys of one stream in a request's body (RFC 7396): absent leaves a key as it is, null removes
 * it, which brings its default back.
 */
export interface StreamPatch {
  /**
   * How far a viewer may fall behind: `500ms`, `2s`.
   */
  delay_limit?: string | null;
  /**
   * Whether the source runs only while somebody watches.
   */
  on_demand?: boolean | null;
  /**
   * Who may be its source.
   */
  publish?: Publish | null;
  /**
   * `rtsp://..`, `demo`; none: whoever publishes.
   */
  source?: string | null;
  /**
   * A smaller picture of the same scene.
   */
  substream?: string | null;
  /**
   * How RTSP media travels.
   */
  transport?: Transport | null;
  /**
   * Who may watch.
   */
  viewers?: Viewers | null;
}
/**
 * One stream.
 */
export interface StreamView {
  delay_limit_ms: number | null;
  name: StreamName;
  on_demand: boolean;
  page: string;
  source: SourceView;
  state: StateView;
  stats: StatsView;
  substream?: SubstreamView | null;
  tracks: TrackView[];
  transport: string;
  viewers: string;
  warnings: Problem[];
}
/**
 * A smaller picture of the same scene.
 */
export interface SubstreamView {
  source: SourceView;
  state: StateView;
  stats: SourceStatsView;
  tracks: TrackView[];
  warnings: Problem[];
}
/**
 * What a track is.
 */
export interface TrackView {
  channels?: number | null;
  clock_rate: number;
  /**
   * As SDP spells it.
   */
  codec: string;
  /**
   * What the camera sends, when that is not what is played.
   */
  converted_from?: SoundView | null;
  /**
   * Of the picture, in pixels.
   */
  height?: number | null;
  /**
   * `video` or `audio`.
   */
  kind: string;
  profile?: string | null;
  /**
   * Of the picture, in pixels.
   */
  width?: number | null;
}
/**
 * A part of a list.
 */
export interface StreamViewList {
  /**
   * The items.
   */
  items: StreamView[];
  /**
   * What `after` must say to get the next part; absent in the last one.
   */
  next?: string | null;
}
/**
 * Answer of `POST /api/v1/tokens`.
 */
export interface TokenMade {
  /**
   * When it was made.
   */
  created_at: number;
  /**
   * When it ends, if it does.
   */
  expires_at: UnixTime | null;
  /**
   * Whether it was made for a guest.
   */
  guest: boolean;
  /**
   * Its number.
   */
  id: string;
  /**
   * What it is.
   */
  kind: 'administrator' | 'grant';
  /**
   * What its maker called it.
   */
  name: string;
  /**
   * When it was taken back, if it was.
   */
  revoked_at: UnixTime | null;
  /**
   * To do what with them.
   */
  scope: string[];
  /**
   * For which streams; none when it is an administrator's.
   */
  streams: string[];
  /**
   * The token, which can't be shown again.
   */
  token: string;
  /**
   * A guest's link: the stream's page with the token in it. Begins with `public_url` where one is
   * configured, else with the path.
   */
  url?: string | null;
}
/**
 * Body of `POST /api/v1/tokens`.
 */
export interface TokenRequest {
  /**
   * When it ends; a guest's after a week when absent, a program's after a year.
   */
  expires_at?: UnixTime | null;
  /**
   * Whether it is for a person who gets a link.
   */
  guest?: boolean;
  /**
   * What to call it: 1 to 100 bytes.
   */
  name: string;
  /**
   * To do what; to watch when absent.
   */
  scope?: Scope[];
  /**
   * For which streams.
   */
  streams: Pattern[];
}
/**
 * A token, without what opens anything.
 */
export interface TokenView {
  /**
   * Seconds since 1970-01-01 UTC.
   */
  created_at: number;
  /**
   * When it ends, if it does.
   */
  expires_at: UnixTime | null;
  /**
   * Whether it was made for a guest.
   */
  guest: boolean;
  /**
   * Its number.
   */
  id: string;
  /**
   * What it is.
   */
  kind: 'administrator' | 'grant';
  /**
   * What its maker called it.
   */
  name: string;
  /**
   * When it was taken back, if it was.
   */
  revoked_at: UnixTime | null;
  /**
   * To do what with them.
   */
  scope: string[];
  /**
   * For which streams; none when it is an administrator's.
   */
  streams: string[];
}
/**
 * A part of a list.
 */
export interface TokenViewList {
  /**
   * The items.
   */
  items: TokenView[];
  /**
   * What `after` must say to get the next part; absent in the last one.
   */
  next?: string | null;
}
/**
 * What may be asked for.
 */
export interface Wanted {
  /**
   * The last event's id, for who can't send `Last-Event-ID`.
   */
  after?: string | null;
  /**
   * `1`: lines of the log, too. For administrators.
   */
  log?: number | null;
}
/**
 * A camera to look at.
 */
export interface Wish {
  /**
   * `rtsp://user:password@address/path`
   */
  source: string;
  /**
   * How RTSP media travels.
   */
  transport?: 'auto' | 'tcp' | 'udp';
}
