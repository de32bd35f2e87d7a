/** How a stream fared: the last day as a strip, and its last changes in words. */
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Change, List } from '../../api/types.ts';
import { percent, span } from '../../format.ts';
import { language, t, translate } from '../../strings/console.ts';
import { Panel } from '../parts/panel.tsx';
import { Dot, toneOf } from '../parts/state.tsx';
import { Exact } from '../parts/time.tsx';
import { now } from '../state/clock.ts';
import { load, usePolling } from '../state/load.ts';
import { liveShare, stretches } from './strip.ts';

const DAY = 86_400_000;
const LIMIT = 200;
/** How many changes are told in words. */
const TOLD = 8;
/** Milliseconds. */
const INTERVAL = 10_000;

/** `state`: what it is in now; a change of it asks for the history anew. */
export function History({ name, state }: { readonly name: string; readonly state: string }) {
  const history = useMemo(() => load<List<Change>>(), [name]);
  usePolling(history, () => api.history(name, LIMIT), INTERVAL, `${name} ${state}`);
  return (
    <Panel kind="history" title={t('history')} loaded={history.value}>
      {({ items }) => (
        <>
          <Strip changes={items} />
          <ol class="changes">
            {items.slice(0, TOLD).map((change, place) => (
              <Told key={`${change.at} ${place}`} change={change} />
            ))}
          </ol>
        </>
      )}
    </Panel>
  );
}

function Strip({ changes }: { readonly changes: readonly Change[] }) {
  const all = stretches(changes, now.value, DAY);
  const share = liveShare(all);
  const words =
    share === undefined
      ? t('history-none')
      : t('history-share', { share: percent(share, t, language.value) });
  return (
    <>
      <svg
        class="strip"
        viewBox="0 0 1000 24"
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
      >
        {all.map(({ state, from, width }) => (
          <rect
            key={from}
            class={toneOf({ state: { name: state, since: '' }, warnings: [] })}
            x={from * 1_000}
            width={Math.max(width * 1_000, 1)}
            height="24"
          />
        ))}
      </svg>
      <p class="strip-legend quiet small">
        <span>{t('history-from')}</span>
        <span>{words}</span>
        <span>{t('history-to')}</span>
      </p>
    </>
  );
}

function Told({ change: { at, state, problem } }: { readonly change: Change }) {
  return (
    <li>
      <span class="state">
        <Dot tone={toneOf({ state: { name: state, since: at }, warnings: [] })} />
        {t(`stream-${state}`)}
      </span>
      <span class="why">{problem && translate(problem).title}</span>
      <Exact at={at}>{t('ago', { time: span(now.value - Date.parse(at), t) })}</Exact>
    </li>
  );
}
