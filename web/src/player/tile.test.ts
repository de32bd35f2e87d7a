import { describe, expect, it } from 'vitest';
import { tileOf, UNSEEN } from './tile.ts';

const seen = { hidden: false, inView: true, floating: false };

describe('a tile', () => {
  it('is as large as its box in whole device pixels', () => {
    expect(tileOf(639.6, 360, seen)).toEqual([640, 360]);
  });

  it('is nothing while its page is hidden or it is out of view', () => {
    expect(tileOf(640, 360, { ...seen, hidden: true })).toEqual(UNSEEN);
    expect(tileOf(640, 360, { ...seen, inView: false })).toEqual(UNSEEN);
  });

  it('is seen in a window of its own wherever its page is', () => {
    expect(tileOf(640, 360, { hidden: true, inView: false, floating: true })).toEqual([640, 360]);
  });
});
