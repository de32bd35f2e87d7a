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

/** What a first visit to the console loads: the page, its script, and the app with what it imports at once. */
function first(shell: string): string[] {
  const found = new Set([shell]);
  const add = (name: string): void => {
    if (found.has(name) || !files.includes(name)) return;
    found.add(name);
    const source = read(name).toString();
    for (const [, other] of source.matchAll(/(?:from|import)\s*"\.\/([\w.-]+)"/g)) {
      add(`assets/${other}`);
    }
  };
  for (const [, name] of read(shell)
    .toString()
    .matchAll(/(?:src|href)="\/([\w./-]+)"/g)) {
    if (name) add(name);
  }
  for (const name of files) if (/assets\/app-[\w-]+\.(js|css)$/.test(name)) add(name);
  return [...found];
}

describe('what is built', () => {
  it('keeps to its budgets, in bytes after gzip', () => {
    expect(packed('lenswire.js')).toBeLessThan(20_000);
    expect(first('index.html').reduce((sum, file) => sum + packed(file), 0)).toBeLessThan(120_000);
    // What only one page needs comes when it is needed: curves, QR codes, other languages.
    const later = files.filter((name) => /assets\/(draw|dist|ko|fr)-/.test(name));
    expect(later.length).toBeGreaterThan(2);
    for (const file of later) expect(first('index.html')).not.toContain(file);
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
