/**
 * How old the picture on the screen is. Where the picture carries a time stamp it is read off it;
 * elsewhere it is the sum of what is known: the hub's part, half the round trip, the jitter buffer
 * and the decoder. Pure but for its memory of the last stamps.
 */
import type { Stats } from './stats.ts';

/** Clocks closer than this are taken for one: measuring them is not more exact; milliseconds. */
const SAME_CLOCK = 50;
/** Samples kept, at about four a second. */
const KEPT = 9;
/** A delay outside of this means that the clocks were misjudged; milliseconds. */
const LEAST = -20;
const MOST = 60_000;

export class Delay {
  #samples: number[] = [];
  #offsets: number[] = [];

  /** A stamped picture drawn at `drawn` is displayed at `shown`; Unix ms of their clock and ours. */
  stamped(drawn: number, shown: number): void {
    this.#samples.push(shown - drawn);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** Forgets what was measured: another session, or another source. */
  reset(): void {
    this.#samples = [];
    this.#offsets = [];
  }

  /** The stats with the delay filled in; `hub` is the hub's own part in ms, if it told. */
  of(stats: Stats, hub: number | undefined): Stats {
    if (stats.clockOffset !== undefined) {
      this.#offsets.push(stats.clockOffset);
      if (this.#offsets.length > KEPT) this.#offsets.shift();
    }
    const delay = this.#fromStamp();
    if (delay !== undefined) return { ...stats, delay, delayFrom: 'stamp' };
    const { rtt, jitterBuffer } = stats;
    if (rtt === undefined || jitterBuffer === undefined) return stats;
    const sum = (hub ?? 0) + rtt / 2 + jitterBuffer + (stats.decode ?? 0);
    return { ...stats, delay: sum, delayFrom: 'parts' };
  }

  #fromStamp(): number | undefined {
    const raw = median(this.#samples);
    if (raw === undefined) return undefined;
    const offset = median(this.#offsets) ?? 0;
    const delay = Math.abs(offset) < SAME_CLOCK ? raw : raw + offset;
    return delay > LEAST && delay < MOST ? Math.max(0, delay) : undefined;
  }
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
