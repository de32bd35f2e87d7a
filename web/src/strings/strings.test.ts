import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FluentBundle, FluentResource } from '@fluent/bundle';
import { describe, expect, it } from 'vitest';
import { problemsAsFluent } from '../../build/problems.mjs';
import { readWords } from '../../build/words.ts';
import { choose, LANGUAGES } from './languages.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const source = (file: string) => readFileSync(here(file), 'utf8');
const bundle = (language: string, file: string) => {
  const made = new FluentBundle(language, { useIsolating: false });
  const errors = made.addResource(new FluentResource(source(`${file}.${language}.ftl`)));
  expect(errors).toEqual([]);
  return made;
};

/** Keys with their attributes, and the variables each one uses. */
function shape(language: string, file: string): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  let key = '';
  for (const line of source(`${file}.${language}.ftl`).split('\n')) {
    const message = /^([\w-]+) =/.exec(line)?.[1];
    const attribute = /^ {4}\.(\w+) =/.exec(line)?.[1];
    if (message) key = message;
    const name = attribute ? `${key}.${attribute}` : key;
    if (message || attribute) keys[name] = [];
    for (const [, variable] of line.matchAll(/\$(\w+)/g)) {
      if (variable && !keys[name]?.includes(variable)) keys[name]?.push(variable);
    }
  }
  return Object.fromEntries(Object.entries(keys).map(([name, used]) => [name, used.sort()]));
}

describe('strings', () => {
  for (const file of ['player', 'console', 'problems']) {
    it(`${file}: every language says everything, with the same variables`, () => {
      const english = shape('en', file);
      expect(Object.keys(english).length).toBeGreaterThan(40);
      for (const language of LANGUAGES) {
        const own = shape(language, file);
        expect(Object.keys(own).sort()).toEqual(Object.keys(english).sort());
        expect(own).toEqual(english);
        bundle(language, file);
      }
    });
  }

  it('of the player keep to the subset that needs no runtime', () => {
    for (const language of LANGUAGES) readWords(source(`player.${language}.ftl`));
    expect(() => readWords('a = { $b ->\n *[other] c }')).toThrow();
    expect(() => readWords('a =\n    b')).toThrow();
  });

  it('of the hub’s problems are those of its code (`npm run problems` takes them over)', () => {
    expect(source('problems.en.ftl')).toBe(problemsAsFluent());
  });

  it('count as their language does', () => {
    const watching = (language: string, count: number) => {
      const one = bundle(language, 'console');
      return one.formatPattern(one.getMessage('watching')?.value ?? '', { count });
    };
    expect([1, 2].map((count) => watching('fr', count))).toEqual(['1 spectateur', '2 spectateurs']);
    expect(watching('ko', 2)).toBe('2명 시청 중');
  });

  it('stand nowhere else: no words between tags', () => {
    const files = readdirSync(here('../'), { recursive: true, encoding: 'utf8' });
    const pages = files.filter((name) => name.endsWith('.tsx'));
    expect(pages.length).toBeGreaterThan(10);
    for (const name of pages) {
      const text = source(`../${name}`).replace(/\/\*[\s\S]*?\*\//g, '');
      expect(
        text.match(/<\/?[\w-]+[^<>{}=]*>[^<>{}=;()]*[A-Za-z]{2,}[^<>{}=;()]*<\//g),
        name,
      ).toBeNull();
      expect(text.match(/(aria-label|title|alt|placeholder)="/g), name).toBeNull();
    }
  });
});

describe('the language', () => {
  it('is the first that the browser asks for and we have', () => {
    expect(choose(['de-DE', 'fr-CA', 'en'])).toBe('fr');
    expect(choose(['ko-KR'])).toBe('ko');
    expect(choose(['de'])).toBe('en');
    expect(choose([])).toBe('en');
  });
});
