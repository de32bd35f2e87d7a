import { describe, expect, it } from 'vitest';
import type { Setting } from '../../api/types.ts';
import { grouped, kindOf, linesOf, readValue, textOf } from './value.ts';

const setting = (key: string, value?: unknown): Setting => ({
  key,
  value,
  from: 'file',
  restart: false,
});

describe('a setting', () => {
  it('goes to a text and back without changing', () => {
    for (const value of [8189, true, 'info', ['10.0.0.1', '10.0.0.2'], [], '16 KiB']) {
      const one = setting('a', value);
      expect(readValue(kindOf(one), textOf(one))).toEqual(value);
    }
    expect(readValue('text', ' ')).toBeNull();
    expect(readValue('number', '8o')).toBe('8o'); // the hub says what is wrong with it
  });

  it('of a structure is shown, not edited', () => {
    expect(kindOf(setting('ice_servers', [{ urls: 'stun:a' }]))).toBe('structure');
    expect(textOf(setting('tls', { cert: 'a' }))).toBe('{"cert":"a"}');
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
