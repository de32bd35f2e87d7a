/** The player's strings in all its languages, and the choice among them. */
import type { Words } from '../format.ts';
import en from './player.en.ftl?words';
import fr from './player.fr.ftl?words';
import ko from './player.ko.ftl?words';

const LANGUAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = { en, fr, ko };

/** The strings for a language tag; English where we have none. */
export function wordsFor(tag: string): Words {
  const own = LANGUAGES[tag.slice(0, 2).toLowerCase()] ?? en;
  return (key, values = {}) =>
    (own[key] ?? en[key] ?? key).replace(/\{ \$(\w+) \}/g, (_, name: string) =>
      String(values[name] ?? ''),
    );
}
