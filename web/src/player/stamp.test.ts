import { describe, expect, it } from 'vitest';
import { cellsOf, decode } from './stamp.ts';

/** As `crates/capture` draws 2026-11-21T12:00:00.000Z. */
const GOLDEN = '000110100001111111011111101001000110000000000101';
const TIME = 1_795_262_400_000;

const cells = (bits: string) => [...bits].map((bit) => bit === '1');

function pixels(bits: string): Uint8ClampedArray {
  const strip = new Uint8ClampedArray(480 * 8 * 4);
  for (let x = 0; x < 480; x += 1) {
    for (let y = 0; y < 8; y += 1) {
      strip[(y * 480 + x) * 4] = bits[Math.floor(x / 10)] === '1' ? 235 : 16;
    }
  }
  return strip;
}

describe('the time stamp', () => {
  it('is read as the test camera draws it', () => {
    expect(decode(cells(GOLDEN))).toBe(TIME);
    expect(decode(cellsOf(pixels(GOLDEN)))).toBe(TIME);
  });

  it('is not found where a cell is wrong, or where there is none', () => {
    for (let at = 0; at < GOLDEN.length; at += 1) {
      const flipped = cells(GOLDEN).map((bit, index) => (index === at ? !bit : bit));
      expect(decode(flipped), `cell ${at}`).toBeUndefined();
    }
    expect(decode(cells('0'.repeat(48)))).toBeUndefined();
    expect(decode(cells('1'.repeat(48)))).toBeUndefined();
    expect(decode([])).toBeUndefined();
  });
});
