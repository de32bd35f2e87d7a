/** A stream's state: a dot, a word, since when. Colour never stands alone. */
import type { Stream, StreamState, StreamStateName } from '../../api/types.ts';
import { span } from '../../format.ts';
import { language, t } from '../../strings/console.ts';
import { now } from '../state/clock.ts';

export type Tone = 'live' | 'warn' | 'fail' | 'idle' | 'busy';

const TONES: Readonly<Record<StreamStateName, Tone>> = {
  idle: 'idle',
  connecting: 'busy',
  live: 'live',
  stalled: 'warn',
  retrying: 'fail',
  parked: 'fail',
};

/** The tone of a state; a live stream with warnings works, but look. */
export const toneOf = ({ state, warnings }: Pick<Stream, 'state' | 'warnings'>): Tone =>
  state.name === 'live' && warnings.length > 0 ? 'warn' : (TONES[state.name] ?? 'idle');

export function Dot({ tone }: { readonly tone: Tone }) {
  return <i class={`dot ${tone}`} aria-hidden="true" />;
}

/** How long until the next try, in ms; `undefined` when none is due. */
function untilRetry({ name, retry_at }: StreamState): number | undefined {
  const left = retry_at ? Date.parse(retry_at) - now.value : 0;
  return name === 'retrying' && left > 0 ? left : undefined;
}

function word(state: StreamState): string {
  const left = untilRetry(state);
  if (left !== undefined) return t('stream-retrying-in', { time: span(left + 999, t) });
  return state.name in TONES ? t(`stream-${state.name}`) : t('stream-unknown');
}

export function State({ stream }: { readonly stream: Pick<Stream, 'state' | 'warnings'> }) {
  const { state } = stream;
  const since = Date.parse(state.since);
  const exact = new Intl.DateTimeFormat(language.value, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  }).format(since);
  return (
    <span class="state">
      <Dot tone={toneOf(stream)} />
      <span>{word(state)}</span>
      <time dateTime={state.since} title={t('since-title', { when: exact })}>
        {untilRetry(state) === undefined && span(now.value - since, t)}
      </time>
    </span>
  );
}
