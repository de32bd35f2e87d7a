/**
 * From a problem to words and to a text for a bug report. The hub's problems bring their own
 * words; those that only the browser can see are the player's strings.
 */
import { codecName, type Words } from '../format.ts';
import { codeOf, type LocalCode, type State } from './machine.ts';
import type { Problem } from './protocol.ts';
import type { Stats } from './stats.ts';

/** What the words of a local problem may mention. */
export interface Circumstances {
  readonly host: string;
  readonly stats: Stats;
  /** Codecs this browser receives. */
  readonly known: readonly string[];
}

/** The problem in words. */
export function explain(
  problem: Problem | LocalCode | 'autoplay_refused',
  words: Words,
  { host, stats, known }: Circumstances,
): Problem {
  if (typeof problem !== 'string') return problem;
  const values = {
    host,
    codec: codecName(stats.codec),
    known: known.map(codecName).join(', '),
  };
  return {
    code: problem,
    title: words(`${problem}-title`, values),
    detail: words(`${problem}-detail`, values),
    fix: words(`${problem}-fix`, values),
  };
}

/** Everything a developer would ask for; no secrets are in it. Deliberately not translated. */
export function diagnostics(
  state: State,
  shown: Problem | undefined,
  { host, stats, known }: Circumstances,
  stream: string,
  now: Date,
): string {
  const code = state.problem === undefined ? undefined : codeOf(state.problem);
  return JSON.stringify(
    {
      stream,
      hub: host,
      at: now.toISOString(),
      phase: state.phase,
      code,
      title: shown?.title,
      detail: shown?.detail,
      fix: shown?.fix,
      hubState: state.hub,
      ice: state.ice,
      tries: state.tries,
      stats,
      receives: known,
      browser: navigator.userAgent,
    },
    null,
    2,
  );
}
