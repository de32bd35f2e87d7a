/**
 * From the browser's `getStats()` to the numbers a person reads: rates over the last second,
 * averages over the frames of that second, the pair of candidates in use. Pure but for its memory
 * of the report before.
 */
import type { Report } from './protocol.ts';

/** What the overlay, the page and the `stats` event show. Absent: not known (yet). */
export interface Stats {
  readonly width?: number;
  readonly height?: number;
  readonly codec?: string;
  readonly framesPerSecond?: number;
  readonly bitrate?: number;
  /** Share of packets lost in the last second, after repair; 0..1. */
  readonly loss?: number;
  readonly jitter?: number;
  readonly rtt?: number;
  /** How long a frame waits before it is decoded, in ms. */
  readonly jitterBuffer?: number;
  readonly playout?: number;
  readonly decode?: number;
  readonly freezes?: number;
  readonly freezeTime?: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly framesReceived?: number;
  readonly keyFrames?: number;
  readonly packets?: number;
  readonly packetsLost?: number;
  readonly pair?: Pair;
  /** The hub's clock less ours, in ms, as its sender reports tell; good to some ms. */
  readonly clockOffset?: number;
  /** Glass to glass, or the best that can be known, in ms. */
  readonly delay?: number;
  /** Whether `delay` was read off the picture or added up from its parts. */
  readonly delayFrom?: 'stamp' | 'parts';
  /** Which picture of the scene, where the hub has several: 0 the main one, 1 the small one. */
  readonly layer?: number;
}

/** The way the media takes. */
export interface Pair {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string;
  readonly address?: string;
}

type Row = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

const num = (row: Row | undefined, key: string): number | undefined => {
  const value = row?.[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};
const str = (row: Row | undefined, key: string): string | undefined => {
  const value = row?.[key];
  return typeof value === 'string' ? value : undefined;
};

/** `undefined` values left out, as `exactOptionalPropertyTypes` wants it. */
function known<T extends object>(bag: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(bag).filter(([, value]) => value !== undefined)) as T;
}

const ms = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1_000;

/** Turns one report after the other into numbers. One per session. */
export class StatsReader {
  #before: Row | undefined;

  read(report: Iterable<readonly [string, unknown]>): Stats {
    const rows = new Map([...report] as (readonly [string, Row])[]);
    const of = (type: string, fits: (row: Row) => boolean = () => true) =>
      [...rows.values()].find((row) => row.type === type && fits(row));
    const video = of('inbound-rtp', (row) => row.kind === 'video');
    const before = this.#before;
    this.#before = video;
    const codec = rows.get(str(video, 'codecId') ?? '');
    const transport = of('transport');
    const selected = rows.get(str(transport, 'selectedCandidatePairId') ?? '') ?? selectedPair(of);
    return known<Stats>({
      width: num(video, 'frameWidth'),
      height: num(video, 'frameHeight'),
      codec: str(codec, 'mimeType')?.replace(/^video\//, ''),
      ...counters(video),
      ...rates(video, before),
      jitter: ms(num(video, 'jitter')),
      rtt: ms(num(selected, 'currentRoundTripTime')),
      pair: pairOf(selected, rows),
      clockOffset: clockOffset(of, num(selected, 'currentRoundTripTime')),
      delay: undefined,
      delayFrom: undefined,
      layer: undefined,
    });
  }
}

type Find = (type: string, fits?: (row: Row) => boolean) => Row | undefined;

/** Firefox has no `transport` rows; it marks the pair instead. */
const selectedPair = (of: Find): Row | undefined =>
  of('candidate-pair', (row) => row.selected === true || row.nominated === true);

function counters(video: Row | undefined) {
  return {
    framesDecoded: num(video, 'framesDecoded'),
    framesDropped: num(video, 'framesDropped'),
    framesReceived: num(video, 'framesReceived'),
    keyFrames: num(video, 'keyFramesDecoded'),
    freezes: num(video, 'freezeCount'),
    freezeTime: ms(num(video, 'totalFreezesDuration')),
    packets: num(video, 'packetsReceived'),
    packetsLost: num(video, 'packetsLost'),
  };
}

/** What needs two reports: per second, per frame, per packet since the one before. */
function rates(video: Row | undefined, before: Row | undefined) {
  const grown = (key: string) => {
    const [now, then] = [num(video, key), num(before, key)];
    return now === undefined || then === undefined ? undefined : now - then;
  };
  const per = (key: string, unit: string, factor: number) => {
    const [amount, units] = [grown(key), grown(unit)];
    return amount === undefined || !units ? undefined : (amount / units) * factor;
  };
  const lost = grown('packetsLost');
  const got = grown('packetsReceived');
  const all = Math.max(0, lost ?? 0) + (got ?? 0);
  return {
    bitrate: per('bytesReceived', 'timestamp', 8_000),
    framesPerSecond: per('framesDecoded', 'timestamp', 1_000),
    jitterBuffer: per('jitterBufferDelay', 'jitterBufferEmittedCount', 1_000),
    playout: per('jitterBufferTargetDelay', 'jitterBufferEmittedCount', 1_000),
    decode: per('totalDecodeTime', 'framesDecoded', 1_000),
    loss: got === undefined || all === 0 ? undefined : Math.max(0, lost ?? 0) / all,
  };
}

function pairOf(selected: Row | undefined, rows: Map<string, Row>): Pair | undefined {
  const local = rows.get(str(selected, 'localCandidateId') ?? '');
  const remote = rows.get(str(selected, 'remoteCandidateId') ?? '');
  if (!local || !remote) return undefined;
  const address = str(remote, 'address');
  const port = num(remote, 'port');
  return known<Pair>({
    protocol: str(local, 'relayProtocol') ?? str(local, 'protocol') ?? 'udp',
    local: str(local, 'candidateType') ?? '',
    remote: str(remote, 'candidateType') ?? '',
    address: address && (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
  });
}

/** RFC 3550 section 6.4.1: a sender report carries the sender's wall clock. */
function clockOffset(of: Find, rtt: number | undefined): number | undefined {
  const report = of('remote-outbound-rtp', (row) => row.kind === 'video');
  const theirs = num(report, 'remoteTimestamp');
  const ours = num(report, 'timestamp');
  if (theirs === undefined || ours === undefined) return undefined;
  return theirs + ((rtt ?? 0) * 1_000) / 2 - ours;
}

/** What goes to the hub. */
export function reportOf(stats: Stats): Report {
  return known<Report>({
    frames_decoded: stats.framesDecoded,
    frames_received: stats.framesReceived,
    key_frames_decoded: stats.keyFrames,
    frames_dropped: stats.framesDropped,
    frames_per_second: stats.framesPerSecond,
    jitter_buffer_ms: stats.jitterBuffer,
    playout_delay_ms: stats.playout,
    freezes: stats.freezes,
    freeze_ms: stats.freezeTime,
    packets_received: stats.packets,
    packets_lost: stats.packetsLost,
    jitter_ms: stats.jitter,
    rtt_ms: stats.rtt,
    bitrate_bps: stats.bitrate,
    width: stats.width,
    height: stats.height,
    delay_ms: stats.delay,
  });
}
