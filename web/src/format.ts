/**
 * Numbers as a person reads them: with units, few digits and a stable width. The words come from
 * whoever asks, so that player and console speak alike.
 */

/** Looks a string up and fills in its variables. */
export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/** What stands where a number is not known. */
export const UNKNOWN = '–';

/** A number with `digits` behind the point, as `language` writes it. */
export const decimal = (value: number, digits: number, language: string): string =>
  new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);

/** Bit per second as kbit/s or Mbit/s. */
export function rate(bits: number | undefined, words: Words, language: string): string {
  if (bits === undefined) return UNKNOWN;
  if (bits >= 999_500) {
    return words('unit-mega', { n: decimal(bits / 1e6, bits < 9.95e6 ? 1 : 0, language) });
  }
  return words('unit-kilo', { n: decimal(bits / 1e3, 0, language) });
}

/** Milliseconds, whole. */
export const millis = (ms: number | undefined, words: Words, language: string): string =>
  ms === undefined ? UNKNOWN : words('unit-ms', { n: decimal(ms, 0, language) });

/** A share of 0..1; small but not nothing is not shown as nothing. */
export function percent(share: number | undefined, words: Words, language: string): string {
  if (share === undefined) return UNKNOWN;
  const value = share * 100;
  return words('unit-percent', {
    n: decimal(value, value > 0 && value < 9.95 ? 1 : 0, language),
  });
}

export const frames = (fps: number | undefined, words: Words, language: string): string =>
  fps === undefined ? UNKNOWN : words('unit-fps', { n: decimal(fps, 0, language) });

const STEPS = [
  ['days', 86_400],
  ['hours', 3_600],
  ['minutes', 60],
] as const;

/** A span in its largest whole unit: `34 s`, `3 min`, `2 h`, `5 d`. */
export function span(ms: number, words: Words): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  for (const [unit, length] of STEPS) {
    if (seconds >= length) return words(`unit-${unit}`, { n: Math.floor(seconds / length) });
  }
  return words('unit-seconds', { n: seconds });
}

/** What stands in backticks in a sentence of the hub's, in quotation marks. */
export const quoted = (text: string): string => text.replace(/`([^`]*)`/g, '“$1”');

/** `H264` as people write it. */
export function codecName(codec: string | undefined): string {
  if (codec === undefined) return UNKNOWN;
  const upper = codec.toUpperCase();
  const known: Record<string, string> = { H264: 'H.264', H265: 'H.265', OPUS: 'Opus' };
  return known[upper] ?? upper;
}

const H264_PROFILES: Readonly<Record<string, string>> = {
  '42': 'Baseline',
  '4d': 'Main',
  '58': 'Extended',
  '64': 'High',
  '6e': 'High 10',
  '7a': 'High 4:2:2',
  f4: 'High 4:4:4',
};

/** `42c01f`, H.264's profile-level-id (RFC 6184 section 8.1), as `Constrained Baseline 3.1`. */
export function profileName(codec: string, profile: string): string {
  const [, idc, flags, level] = /^(..)(..)(..)$/.exec(profile.toLowerCase()) ?? [];
  const name = H264_PROFILES[idc ?? ''];
  if (codecName(codec) !== 'H.264' || !name || !flags || !level) return profile;
  const constrained = idc === '42' && (Number.parseInt(flags, 16) & 0x40) !== 0;
  const number = (Number.parseInt(level, 16) / 10).toFixed(1);
  return `${constrained ? 'Constrained ' : ''}${name} ${number}`;
}
