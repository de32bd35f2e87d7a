import { encode } from 'uqr';
import { describe, expect, it, vi } from 'vitest';

vi.mock('../../strings/console.ts', () => ({ t: (key: string) => key }));
const { pathOf } = await import('./qr.tsx');

describe('a QR code', () => {
  it('is one path, a square a dark module, with a quiet zone around', () => {
    expect(
      pathOf([
        [true, false],
        [false, true],
      ]),
    ).toEqual({
      size: 10,
      path: 'M4 4h1v1h-1zM5 5h1v1h-1z',
    });
  });

  it('has its three finders and takes an address with a token', () => {
    const token = 'x'.repeat(200);
    const { data, size } = encode(`https://hub.example/gate#token=${token}`, { border: 0 });
    const corner = (x: number, y: number) => [data[y]?.[x], data[y + 3]?.[x + 3]];
    expect([corner(0, 0), corner(size - 7, 0), corner(0, size - 7)]).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ]);
    expect(pathOf(data).size).toBe(size + 8);
  });
});
