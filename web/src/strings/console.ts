/**
 * The console's strings: Fluent bundles, English at once, the others when they are chosen. A
 * component that calls `t` is drawn anew when the language changes.
 */
import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import { computed, signal } from '@preact/signals';
import type { Words } from '../format.ts';
import type { Problem } from '../player/protocol.ts';
import english from './console.en.ftl?raw';
import { choose, LANGUAGES, type Language } from './languages.ts';
import playerEnglish from './player.en.ftl?raw';

const STORED = 'lenswire-language';

const bundles = new Map<Language, FluentBundle>([['en', bundle('en', english, playerEnglish)]]);

/** The language in use; what it is set to is remembered. */
export const language = signal<Language>('en');

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ readonly sources: string[] }>> = {
  ko: () => import('./ko.ts'),
  fr: () => import('./fr.ts'),
};

function bundle(tag: Language, ...sources: string[]): FluentBundle {
  // No isolation marks: nothing here mixes writing directions.
  const made = new FluentBundle(tag, { useIsolating: false });
  for (const source of sources) made.addResource(new FluentResource(source));
  return made;
}

/** Changes the language once its strings are here. */
export async function speak(tag: Language, remember = true): Promise<void> {
  if (remember) localStorage.setItem(STORED, tag);
  if (tag !== 'en' && !bundles.has(tag)) {
    const { sources } = await loaders[tag]();
    bundles.set(tag, bundle(tag, ...sources));
    bundles.set('en', await withProblems());
  }
  document.documentElement.lang = tag;
  language.value = tag;
}

/** English with the hub's problems: needed only to know which of its sentences are the usual ones. */
async function withProblems(): Promise<FluentBundle> {
  const { default: source } = await import('./problems.en.ftl?raw');
  return bundle('en', english, playerEnglish, source);
}

/** Speaks what the reader chose before, or what the browser asks for. */
export function speakAsAsked(): Promise<void> {
  const stored = LANGUAGES.find((tag) => tag === localStorage.getItem(STORED));
  return speak(stored ?? choose(navigator.languages), false);
}

const current = computed(() => [bundles.get(language.value), bundles.get('en')]);

function look(
  key: string,
  attribute: string | undefined,
  values?: Record<string, FluentVariable>,
): string | undefined {
  for (const one of current.value) {
    const message = one?.getMessage(key);
    const pattern = attribute ? message?.attributes[attribute] : message?.value;
    if (one && pattern) return one.formatPattern(pattern, values ?? null, []);
  }
  return undefined;
}

/** A string of the console or the player. */
export const t: Words = (key, values) => look(key, undefined, values) ?? key;

/** The hub's problem in the reader's language; what it says about this case stays as it said it. */
export function translate(problem: Problem): Problem {
  if (language.value === 'en') return problem;
  const key = `problem-${problem.code}`;
  const usual = bundles.get('en')?.getMessage(key)?.attributes.fix;
  const fix = problem.fix === usual ? look(key, 'fix') : undefined;
  return {
    ...problem,
    title: look(key, undefined) ?? problem.title,
    ...(fix !== undefined && { fix }),
  };
}
