import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const read = (file: string) => readFileSync(dist + file);
const packed = (file: string) => gzipSync(read(file), { level: 9 }).length;
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.includes('.'),
);

describe('what is built', () => {
  it('keeps to its budgets, in bytes after gzip', () => {
    expect(packed('lenswire.js')).toBeLessThan(20_000);
    const pages = files.filter((name) => name !== 'lenswire.js').map(packed);
    // All of it: no first load can be more.
    expect(pages.reduce((sum, size) => sum + size, 0)).toBeLessThan(120_000);
  });

  it('has nothing inline, and fetches nothing from elsewhere', () => {
    const shell = read('index.html').toString();
    expect(shell).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/);
    expect(
      [...shell.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address?.[0]),
    ).toEqual(shell.match(/(?:src|href)="/g)?.map(() => '/'));
    const script = read('lenswire.js').toString();
    expect(script).not.toMatch(
      /innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
    );
    expect(script).not.toMatch(/\bimport\s*[("']/);
    expect(script).toContain('export{');
  });
});
