import { describe, expect, it } from 'vitest';
import {
  codecName,
  frames,
  millis,
  percent,
  profileName,
  quoted,
  rate,
  span,
  UNKNOWN,
} from './format.ts';
import { address } from './player/address.ts';
import { wait } from './player/backoff.ts';
import { rows } from './player/numbers.ts';
import { wordsFor } from './strings/player.ts';

const en = wordsFor('en-GB');
const fr = wordsFor('fr');

describe('numbers', () => {
  it('have units and few digits', () => {
    expect(
      [640_000, 999_400, 999_600, 2_130_000, 12_400_000].map((bits) => rate(bits, en, 'en')),
    ).toEqual(['640 kbit/s', '999 kbit/s', '1.0 Mbit/s', '2.1 Mbit/s', '12 Mbit/s']);
    expect([0, 0.0004, 0.021, 0.3].map((share) => percent(share, en, 'en'))).toEqual([
      '0 %',
      '0.0 %',
      '2.1 %',
      '30 %',
    ]);
    expect(millis(84.4, en, 'en')).toBe('84 ms');
    expect(frames(29.97, en, 'en')).toBe('30 fps');
    expect(rate(2_130_000, fr, 'fr')).toBe('2,1 Mbit/s');
  });

  it('are a dash where nothing is known', () => {
    expect(rate(undefined, en, 'en')).toBe(UNKNOWN);
    expect(rows({}, en, 'en').every(({ value }) => value === UNKNOWN)).toBe(true);
  });

  it('tell a span in its largest unit', () => {
    const all = [-5, 0, 34_000, 60_000, 7_300_000, 200_000_000].map((ms) => span(ms, en));
    expect(all).toEqual(['0 s', '0 s', '34 s', '1 min', '2 h', '2 d']);
    expect(span(34_000, wordsFor('ko'))).toBe('34초');
  });

  it('name H.264 profiles and levels', () => {
    expect(profileName('h264', '42c01f')).toBe('Constrained Baseline 3.1');
    expect(profileName('H264', '640028')).toBe('High 4.0');
    expect(profileName('h265', 'Main')).toBe('Main');
  });

  it('quote what the hub puts in backticks', () => {
    expect(quoted('`a b` makes `c`.')).toBe('“a b” makes “c”.');
  });

  it('name codecs as people do', () => {
    expect(['H264', 'h265', 'opus', 'PCMU', 'av1'].map(codecName)).toEqual([
      'H.264',
      'H.265',
      'Opus',
      'PCMU',
      'AV1',
    ]);
  });
});

describe('the overlay', () => {
  it('says all that a viewer can know', () => {
    const shown = rows(
      {
        ...{ delay: 84, delayFrom: 'stamp', framesPerSecond: 30, bitrate: 2e6, loss: 0, jitter: 3 },
        ...{ jitterBuffer: 22, rtt: 2, freezes: 2, freezeTime: 840 },
        ...{ codec: 'H264', width: 1280, height: 720 },
        pair: { protocol: 'udp', local: 'prflx', remote: 'host' },
      },
      en,
      'en',
    );
    expect(Object.fromEntries(shown.map(({ key, value }) => [key, value]))).toEqual({
      delay: '84 ms',
      frames: '30 fps',
      bitrate: '2.0 Mbit/s',
      loss: '0 %',
      jitter: '3 ms',
      buffer: '22 ms',
      rtt: '2 ms',
      freezes: '2 (0.8 s)',
      codec: 'H.264 1280×720',
      path: 'UDP prflx → host',
    });
  });
});

describe('waits', () => {
  it('double up to a cap and are spread by a third', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((tries) => wait(tries, 0.5))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ]);
    expect([wait(5, 0), wait(5, 1)]).toEqual([10_000, 20_000]);
  });
});

describe('src and stream', () => {
  const at = (src: string, stream: string | null = null) =>
    address(src, stream, 'http://localhost:8080/somewhere');

  it('name a hub and a stream', () => {
    expect(at('/gate')).toEqual({ origin: 'http://localhost:8080', stream: 'gate' });
    expect(at('https://hub.test/site/gate/')).toEqual({
      origin: 'https://hub.test',
      stream: 'site/gate',
    });
    expect(at('https://hub.test/gate/whep')).toMatchObject({ stream: 'gate' });
    expect(at('https://hub.test', 'yard')).toEqual({ origin: 'https://hub.test', stream: 'yard' });
  });

  it('name nothing where there is nothing', () => {
    for (const src of ['', '/', 'javascript:alert(1)', 'http://']) {
      expect(at(src), src).toBeUndefined();
    }
  });
});
