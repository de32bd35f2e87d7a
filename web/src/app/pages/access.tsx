/** `/access`: who may in besides the administrator: guests by a link, programs by a token. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { List, Token } from '../../api/types.ts';
import { span } from '../../format.ts';
import { t } from '../../strings/console.ts';
import { NewTokenForm } from '../access/make.tsx';
import { Panel } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Dot } from '../parts/state.tsx';
import { exact } from '../parts/time.tsx';
import { now } from '../state/clock.ts';
import { load, usePolling } from '../state/load.ts';
import { later } from '../state/undo.ts';

/** Milliseconds. */
const INTERVAL = 10_000;

export function AccessPage() {
  const tokens = useMemo(() => load<List<Token>>(), []);
  const made = useSignal(0);
  const leaving = useSignal<ReadonlySet<string>>(new Set());
  usePolling(tokens, api.tokens, INTERVAL, made.value);
  const hide = (id: string, hidden: boolean) => {
    const next = new Set(leaving.value);
    if (hidden) next.add(id);
    else next.delete(id);
    leaving.value = next;
  };
  const revoke = ({ id, name }: Token) => {
    hide(id, true);
    later({
      text: t('revoked', { name }),
      run: (isLeaving) => api.revoke(id, isLeaving),
      restore: () => hide(id, false),
      done: () => {
        made.value += 1;
      },
    });
  };
  return (
    <main id="content" class="form-page wider">
      <div class="title-row">
        <h1>{t('access-title')}</h1>
      </div>
      <NewTokenForm
        onMade={() => {
          made.value += 1;
        }}
      />
      <Panel kind="tokens" title={t('access-list')} loaded={tokens.value}>
        {({ items }) => (
          <Tokens tokens={items.filter((one) => isValid(one, leaving.value))} onRevoke={revoke} />
        )}
      </Panel>
    </main>
  );
}

/** Revoked ones stay in the hub's list for a month; here they are gone at once. */
const isValid = ({ id, revoked_at }: Token, leaving: ReadonlySet<string>): boolean =>
  !revoked_at && !leaving.has(id);

interface TokensProps {
  readonly tokens: readonly Token[];
  readonly onRevoke: (token: Token) => void;
}

function Tokens({ tokens, onRevoke }: TokensProps) {
  if (tokens.length === 0) return <p class="quiet">{t('access-none')}</p>;
  return (
    <Scroll label={t('access-list')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('token-name')}</th>
            <th scope="col">{t('token-streams')}</th>
            <th scope="col">{t('token-scope')}</th>
            <th scope="col">{t('token-ends')}</th>
            <th scope="col">
              <span class="only-read">{t('revoke')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row key={token.id} token={token} onRevoke={() => onRevoke(token)} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ token, onRevoke }: { readonly token: Token; readonly onRevoke: () => void }) {
  const { name, kind, streams, scope, guest } = token;
  const isOwner = kind === 'administrator';
  return (
    <tr>
      <td class="wrap">
        {name}
        <span class="quiet small block">{t(guest ? 'token-guest' : 'token-program')}</span>
      </td>
      <td class="mono wrap">{isOwner ? '*' : streams.join(', ')}</td>
      <td>{isOwner ? t('access-rights') : scope.map((one) => t(`scope-${one}`)).join(', ')}</td>
      <End at={token.expires_at ?? undefined} />
      <td class="end">
        <button
          type="button"
          class="button bare danger"
          aria-label={t('revoke-of', { name })}
          onClick={onRevoke}
        >
          {t('revoke')}
        </button>
      </td>
    </tr>
  );
}

/** When it ends; `at` in Unix seconds. */
function End({ at }: { readonly at: number | undefined }) {
  if (at === undefined) return <td>{t('token-no-end')}</td>;
  const end = at * 1_000;
  const left = end - now.value;
  return (
    <td title={exact(end)}>
      <span class="state">
        <Dot tone={left > 0 ? 'live' : 'idle'} />
        {left > 0 ? t('token-left', { time: span(left, t) }) : t('token-over')}
      </span>
    </td>
  );
}
