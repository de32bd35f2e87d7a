import { describe, expect, it } from 'vitest';
import type { Change, StreamStateName } from '../../api/types.ts';
import { liveShare, stretches } from './strip.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;
const ago = (hours: number, state: StreamStateName): Change => ({
  at: new Date(NOW - hours * HOUR).toISOString(),
  state,
});

describe('the history strip', () => {
  it('lays changes out over its time, oldest first, and cuts what is older', () => {
    const strip = stretches([ago(1, 'live'), ago(2, 'retrying'), ago(9, 'live')], NOW, 4 * HOUR);
    expect(strip).toEqual([
      { state: 'live', from: 0, width: 0.5 },
      { state: 'retrying', from: 0.5, width: 0.25 },
      { state: 'live', from: 0.75, width: 0.25 },
    ]);
    expect(liveShare(strip)).toBe(0.75);
  });

  it('knows nothing before the first change, and survives a clock that went back', () => {
    expect(stretches([], NOW, HOUR)).toEqual([]);
    expect(liveShare([])).toBeUndefined();
    expect(stretches([ago(-1, 'live'), ago(1, 'idle')], NOW, 2 * HOUR)).toEqual([
      { state: 'idle', from: 0.5, width: 0.5 },
    ]);
    expect(liveShare([{ state: 'idle', from: 0, width: 1 }])).toBeUndefined();
  });
});
