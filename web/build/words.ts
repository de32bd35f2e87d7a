/**
 * Reads the subset of Fluent that the player's strings keep to: one line a message, `{ $name }`
 * as the only placeable. So the player carries no Fluent runtime, and one format holds for all.
 */
import type { Plugin } from 'vite';

/** Messages by key. Throws on what is outside of the subset, so that a build can't lose a word. */
export function readWords(source: string): Record<string, string> {
  const words: Record<string, string> = {};
  for (const line of source.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-zA-Z][\w-]*) = (.+)$/.exec(line);
    const [, key, value] = match ?? [];
    if (!key || !value) throw new Error(`not a one-line message: ${line}`);
    if (/\{(?! \$\w+ \})/.test(value)) throw new Error(`not a plain variable: ${line}`);
    words[key] = value;
  }
  return words;
}

/** `import words from './x.ftl?words'` gives the messages as an object. */
export function words(): Plugin {
  return {
    name: 'words',
    transform(code, id) {
      if (!id.endsWith('.ftl?words')) return undefined;
      return { code: `export default ${JSON.stringify(readWords(code))}`, map: null };
    },
    enforce: 'pre',
  };
}
