import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const read = (path: string) => readFileSync(here(path), 'utf8');
const manual = read('../../docs/player.md');

describe('the player’s package', () => {
  it('packs the module, its types and how to use it, and nothing else', () => {
    const options = { cwd: here('../player-package'), encoding: 'utf8' } as const;
    const args = ['pack', '--dry-run', '--json', '--loglevel=error', '--offline'];
    const said = execFileSync('npm', args, options);
    const [pack] = JSON.parse(said.slice(said.search(/^\[/m)));
    const files = pack.files.map(({ path }: { path: string }) => path).sort();
    expect(files).toEqual(['README.md', 'index.d.ts', 'lenswire.js', 'package.json']);
    const { size } = pack.files.find(({ path }: { path: string }) => path === 'lenswire.js');
    expect(size).toBe(Buffer.byteLength(read('../dist/lenswire.js')));
  });
});

describe('the player’s manual', () => {
  const source = (file: string) => read(`../src/player/${file}`);
  const all = (text: string, pattern: RegExp) => [
    ...new Set([...text.matchAll(pattern)].flatMap(([, name]) => name?.split(' ') ?? [])),
  ];

  it('tells of every attribute, event, part and custom property', () => {
    const element = source('element.ts');
    const attributes = all(element, /hasAttribute\('(\w+)'\)|getAttribute\('(\w+)'\)/g);
    const names = [
      ...attributes.filter((name) => !['tabindex', 'role'].includes(name)),
      ...all(element, /#fire(?:<\w+>)?\('(\w+)'/g),
      ...all(source('view.ts'), /part: '([\w -]+)'/g),
      ...all(source('player.css'), /var\((--lenswire-\w+)/g),
    ];
    expect(names.length).toBeGreaterThan(25);
    for (const name of names) expect(manual, name).toContain(`\`${name}\``);
  });

  it('is read in the languages’ own words: every reason of the browser’s is named', () => {
    const codes = all(read('../src/strings/player.en.ftl'), /^(\w+)-title = /gm);
    for (const code of codes) expect(manual).toContain(`\`${code}\``);
  });
});
