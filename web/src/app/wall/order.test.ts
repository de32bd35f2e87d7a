import { beforeAll, describe, expect, it, vi } from 'vitest';

let wall: typeof import('./order.ts');
beforeAll(async () => {
  vi.stubGlobal('localStorage', { getItem: () => null });
  wall = await import('./order.ts');
});

describe('the order of the wall', () => {
  it('puts a tile where another stands, before it or behind it', () => {
    expect(wall.moved(['a', 'b', 'c', 'd'], 'a', 'c')).toEqual(['b', 'c', 'a', 'd']);
    expect(wall.moved(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual(['a', 'd', 'b', 'c']);
    expect(wall.moved(['a', 'b'], 'a', 'a')).toEqual(['a', 'b']);
    expect(wall.moved(['a', 'b'], 'a', 'gone')).toEqual(['a', 'b']);
    expect(wall.moved(['a', 'b'], 'gone', 'a')).toEqual(['a', 'b']);
  });

  it('keeps new streams behind, as they came', () => {
    const items = ['x', 'a', 'b', 'y'].map((name) => ({ name }));
    expect(wall.ordered(items, ['b', 'gone', 'a']).map(({ name }) => name)).toEqual([
      ...['b', 'a'],
      ...['x', 'y'],
    ]);
  });

  it('survives what somebody else stored', () => {
    expect(wall.read(null)).toEqual([]);
    expect(wall.read('{')).toEqual([]);
    expect(wall.read('{"a":1}')).toEqual([]);
    expect(wall.read('["a",1,null,"b"]')).toEqual(['a', 'b']);
  });
});

describe('a finger', () => {
  it('that goes sideways changes the stream; one that taps or scrolls does not', async () => {
    vi.stubGlobal('location', { pathname: '/', search: '', hash: '' });
    vi.stubGlobal('document', { hidden: true });
    const { direction } = await import('./swipe.ts');
    expect(direction(-120, 10)).toBe(1);
    expect(direction(120, -20)).toBe(-1);
    expect(direction(20, 0)).toBe(0);
    expect(direction(100, 90)).toBe(0);
  });
});
