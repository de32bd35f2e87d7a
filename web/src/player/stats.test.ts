import { describe, expect, it } from 'vitest';
import { Delay } from './delay.ts';
import { reportOf, StatsReader } from './stats.ts';

const row = (id: string, type: string, more: object) => [id, { id, type, ...more }] as const;

/** A browser's report `seconds` into a session that loses one packet in ten. */
const report = (seconds: number) => [
  row('v', 'inbound-rtp', {
    kind: 'video',
    timestamp: 1_000_000 + seconds * 1_000,
    codecId: 'c',
    frameWidth: 1280,
    frameHeight: 720,
    framesDecoded: seconds * 30,
    framesReceived: seconds * 31,
    keyFramesDecoded: seconds,
    bytesReceived: seconds * 250_000,
    packetsReceived: seconds * 90,
    packetsLost: seconds * 10,
    jitter: 0.004,
    jitterBufferDelay: seconds * 30 * 0.025,
    jitterBufferEmittedCount: seconds * 30,
    totalDecodeTime: seconds * 30 * 0.005,
    freezeCount: 1,
    totalFreezesDuration: 0.4,
  }),
  row('c', 'codec', { mimeType: 'video/H264' }),
  row('t', 'transport', { selectedCandidatePairId: 'p' }),
  row('p', 'candidate-pair', {
    localCandidateId: 'l',
    remoteCandidateId: 'r',
    currentRoundTripTime: 0.006,
  }),
  row('l', 'local-candidate', { protocol: 'tcp', candidateType: 'prflx' }),
  row('r', 'remote-candidate', { candidateType: 'host', address: 'fd09::2', port: 8189 }),
];

describe('statistics', () => {
  it('are rates over the last second', () => {
    const reader = new StatsReader();
    const first = reader.read(report(1));
    expect(first.bitrate).toBeUndefined();
    expect(first.framesDecoded).toBe(30);
    const second = reader.read(report(2));
    expect(second).toMatchObject({
      bitrate: 2_000_000,
      framesPerSecond: 30,
      loss: 0.1,
      jitter: 4,
      rtt: 6,
      codec: 'H264',
      width: 1280,
      height: 720,
      freezes: 1,
      freezeTime: 400,
      pair: { protocol: 'tcp', local: 'prflx', remote: 'host', address: '[fd09::2]:8189' },
    });
    expect(second.jitterBuffer).toBeCloseTo(25);
    expect(second.decode).toBeCloseTo(5);
  });

  it('leave out what the browser does not tell', () => {
    expect(new StatsReader().read([])).toEqual({});
    const counted = { framesDecoded: 3, framesReceived: 4 };
    expect(reportOf(counted)).toEqual({ frames_decoded: 3, frames_received: 4 });
  });

  it('find the pair where no transport names it', () => {
    const rows = report(1).filter(([id]) => id !== 't');
    const named = rows.map(([id, one]) => [id, { ...one, nominated: true }] as const);
    expect(new StatsReader().read(named).pair?.protocol).toBe('tcp');
  });
});

describe('delay', () => {
  it('is read off the picture where it can be', () => {
    const delay = new Delay();
    for (const shown of [84, 90, 500, 86, 88]) delay.stamped(1_000, 1_000 + shown);
    expect(delay.of({}, undefined)).toEqual({ delay: 88, delayFrom: 'stamp' });
  });

  it('corrects a clock that differs, and lets alone one that does not', () => {
    const away = new Delay();
    away.stamped(6_000, 1_080);
    expect(away.of({ clockOffset: 5_000 }, 0).delay).toBe(80);
    const here = new Delay();
    here.stamped(1_000, 1_080);
    expect(here.of({ clockOffset: 12 }, 0).delay).toBe(80);
  });

  it('is the sum of its parts elsewhere', () => {
    const delay = new Delay();
    expect(delay.of({ rtt: 20, jitterBuffer: 30, decode: 5 }, 4)).toMatchObject({
      delay: 49,
      delayFrom: 'parts',
    });
    expect(delay.of({ rtt: 20 }, 4).delay).toBeUndefined();
    // Clocks misjudged: better the sum than nonsense.
    delay.stamped(900_000, 1_000);
    expect(delay.of({ rtt: 20, jitterBuffer: 30 }, undefined).delayFrom).toBe('parts');
  });
});
