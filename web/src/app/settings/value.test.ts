import { describe, expect, it } from 'vitest';
import type { Setting } from '../../api/types.ts';
import { grouped, isFixed, linesOf, readValue, textOf } from './value.ts';

const setting = (key: string, kind: Setting['kind'] = 'path', value: unknown = null): Setting => ({
  key,
  kind,
  value,
  from: 'file',
  restart: false,
  about: '',
});

describe('a setting', () => {
  it('goes to a text and back without changing', () => {
    const values = [
      ['number', 8189],
      ['boolean', false],
      ['choice', 'info'],
      ['networks', ['10.0.0.1', '10.0.0.0/8']],
      ['addresses', []],
      ['size', '16 KiB'],
      ['url', null],
    ] as const;
    for (const [kind, value] of values) {
      expect(readValue(kind, textOf({ kind, value }))).toEqual(value);
    }
    expect(readValue('number', '8o')).toBe('8o'); // the hub says what is wrong with it
  });

  it('is fixed where the file has no say, and where it is a structure', () => {
    expect(isFixed(setting('media.port', 'number'))).toBe(false);
    expect(isFixed({ ...setting('media.port', 'number'), from: 'environment' })).toBe(true);
    expect(isFixed(setting('ice_servers', 'ice_servers', [{ urls: 'stun:a' }]))).toBe(true);
    expect(textOf(setting('ice_servers', 'ice_servers', [{ urls: 'a' }]))).toBe('[{"urls":"a"}]');
  });

  it('stands with its group', () => {
    const keys = ['listen', 'media.port', 'log.level', 'media.ice', 'public_url'];
    expect(
      grouped(keys.map((key) => setting(key))).map(([name, all]) => [name, all.length]),
    ).toEqual([
      ['', 2],
      ['media', 2],
      ['log', 1],
    ]);
  });
});

describe('a diff', () => {
  it('is lines that come, go or stay', () => {
    const diff = '--- a\n+++ b\n@@ -1,2 +1,2 @@\n media:\n-  port: 1\n+  port: 2\n';
    expect(linesOf(diff).map(({ kind }) => kind)).toEqual(['same', 'same', 'drop', 'add']);
  });
});
