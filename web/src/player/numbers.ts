/** The overlay's rows: what is shown of the statistics, in which words. Pure. */
import {
  codecName,
  decimal,
  frames,
  millis,
  percent,
  rate,
  span,
  UNKNOWN,
  type Words,
} from '../format.ts';
import type { Stats } from './stats.ts';

export interface Row {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  /** Said below the value, quietly. */
  readonly note?: string;
  /** Left out where the picture is small. */
  readonly minor?: boolean;
}

/** `H.264 1280×720`. */
export function picture({ codec, width, height }: Stats): string {
  if (codec === undefined) return UNKNOWN;
  return width && height ? `${codecName(codec)} ${width}×${height}` : codecName(codec);
}

/** `UDP host → host`. */
export function path({ pair }: Stats): string {
  return pair ? `${pair.protocol.toUpperCase()} ${pair.local} → ${pair.remote}` : UNKNOWN;
}

function freezes({ freezes, freezeTime }: Stats, words: Words, language: string): string {
  if (freezes === undefined) return UNKNOWN;
  if (freezes === 0) return '0';
  const time = freezeTime ?? 0;
  return words('stat-freezes-value', {
    count: freezes,
    time:
      time < 10_000
        ? words('unit-seconds', { n: decimal(time / 1_000, 1, language) })
        : span(time, words),
  });
}

export function rows(stats: Stats, words: Words, language: string): Row[] {
  const note = stats.delayFrom && words(stats.delayFrom === 'stamp' ? 'stat-glass' : 'stat-parts');
  const row = (key: string, value: string, more: Partial<Row> = {}): Row => ({
    key,
    label: words(`stat-${key}`),
    value,
    ...more,
  });
  const layer = stats.layer !== undefined && {
    note: words(stats.layer === 0 ? 'stat-main' : 'stat-small'),
  };
  return [
    row('delay', millis(stats.delay, words, language), note ? { note } : {}),
    row('frames', frames(stats.framesPerSecond, words, language)),
    row('bitrate', rate(stats.bitrate, words, language)),
    row('loss', percent(stats.loss, words, language)),
    row('jitter', millis(stats.jitter, words, language), { minor: true }),
    row('buffer', millis(stats.jitterBuffer, words, language), { minor: true }),
    row('rtt', millis(stats.rtt, words, language), { minor: true }),
    row('freezes', freezes(stats, words, language), { minor: true }),
    row('codec', picture(stats), layer || {}),
    row('path', path(stats)),
  ];
}
