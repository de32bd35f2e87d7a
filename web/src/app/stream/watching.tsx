/** Who watches a stream now, and how well; administrators may end a session. */
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { List, Session } from '../../api/types.ts';
import * as format from '../../format.ts';
import { language, t, translate } from '../../strings/console.ts';
import { Panel } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Dot, type Tone } from '../parts/state.tsx';
import { now } from '../state/clock.ts';
import { load, usePolling } from '../state/load.ts';

/** Sessions are asked for this often; milliseconds. */
const INTERVAL = 2_000;

export function Watching({ name }: { readonly name: string }) {
  const sessions = useMemo(() => load<List<Session>>(), [name]);
  usePolling(sessions, api.sessions, INTERVAL, name);
  const own = (list: List<Session>) => list.items.filter(({ stream }) => stream === name);
  const { body } = sessions.value;
  const count = body ? own(body).length : 0;
  const title = count > 0 ? t('sessions-count', { count }) : t('sessions');
  return (
    <Panel kind="watching" title={title} loaded={sessions.value}>
      {(list) => <Table sessions={own(list)} />}
    </Panel>
  );
}

function Table({ sessions }: { readonly sessions: readonly Session[] }) {
  if (sessions.length === 0) return <p class="quiet">{t('sessions-none')}</p>;
  return (
    <Scroll label={t('sessions')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('session-who')}</th>
            <th scope="col">{t('session-since')}</th>
            <th scope="col">{t('fact-delay')}</th>
            <th scope="col">{t('fact-bitrate')}</th>
            <th scope="col">{t('fact-loss')}</th>
            <th scope="col">
              <span class="only-read">{t('session-end')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.id} session={session} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A session's tone and, where there is one, the reason for it. */
function standing({ showing, reason, warnings }: Session): readonly [Tone, string | undefined] {
  const problem = reason ?? warnings[0];
  const tone = reason ? 'fail' : problem ? 'warn' : showing === 'live' ? 'live' : 'busy';
  return [tone, problem && translate(problem).title];
}

function Row({ session }: { readonly session: Session }) {
  const lang = language.value;
  const { id, remote, transport, since, delay_ms, bitrate_bps, loss_ratio } = session;
  const [tone, reason] = standing(session);
  return (
    <tr>
      <td>
        <span class="state">
          <Dot tone={tone} />
          <span class="mono">{remote ?? format.UNKNOWN}</span>
          {transport && <span class="quiet small">{transport.toUpperCase()}</span>}
        </span>
        {reason && <span class="block small">{reason}</span>}
      </td>
      <td>{format.span(now.value - Date.parse(since), t)}</td>
      <td>{format.millis(delay_ms ?? undefined, t, lang)}</td>
      <td>{format.rate(bitrate_bps, t, lang)}</td>
      <td>{format.percent(loss_ratio ?? undefined, t, lang)}</td>
      <td class="end">
        <button
          type="button"
          class="button bare"
          aria-label={t('session-end-of', { who: remote ?? id })}
          onClick={() => void api.endSession(id)}
        >
          {t('session-end')}
        </button>
      </td>
    </tr>
  );
}
