/** A stream's history as stretches of time, for the strip. Pure. */
import type { Change, StreamStateName } from '../../api/types.ts';

export interface Stretch {
  readonly state: StreamStateName;
  /** Share of the strip where it begins, and how much of it; 0 to 1. */
  readonly from: number;
  readonly width: number;
}

/** The stretches of the last `span` milliseconds, oldest first. `changes` are newest first. */
export function stretches(changes: readonly Change[], now: number, span: number): Stretch[] {
  const begin = now - span;
  const found: Stretch[] = [];
  let end = now;
  for (const { at, state } of changes) {
    const start = Math.max(Math.min(Date.parse(at), end), begin);
    if (end > start)
      found.push({ state, from: (start - begin) / span, width: (end - start) / span });
    end = start;
    if (start === begin) break;
  }
  return found.reverse();
}

/** The share of the known time that a stream was live; undefined while nothing is known. */
export function liveShare(stretches: readonly Stretch[]): number | undefined {
  const sum = (some: readonly Stretch[]) => some.reduce((total, { width }) => total + width, 0);
  const meant = stretches.filter(({ state }) => state !== 'idle');
  const known = sum(meant);
  return known > 0 ? sum(meant.filter(({ state }) => state === 'live')) / known : undefined;
}
