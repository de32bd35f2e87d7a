/** `/`: every stream as a tile. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { List, Stream } from '../../api/types.ts';
import { span } from '../../format.ts';
import { t } from '../../strings/console.ts';
import { Segments } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { now } from '../state/clock.ts';
import type { Loaded } from '../state/load.ts';
import { isAdministrator, me } from '../state/me.ts';
import { streams as list, shown } from '../state/streams.ts';
import { keepOrder, moved, order, ordered } from '../wall/order.ts';
import { Tile } from '../wall/tile.tsx';
import { arrange, COLUMNS, columns, connected, toggleAll } from '../wall/wall.ts';

export function Streams() {
  const { body, problem, silent, at } = list.value;
  const streams = ordered(shown.value, order.value);
  const grid = useRef<HTMLDivElement>(null);
  useWallKeys(streams, grid);
  return (
    <main id="content" class="wall-page">
      <div class="title-row">
        <h1>{t('title-streams')}</h1>
        <span class="space" />
        {streams.length > 1 && <Arrangement streams={streams} />}
        {body && isAdministrator.value && (
          <a class="button primary" href="/add">
            <Icon name="plus" />
            {t('add-button')}
          </a>
        )}
      </div>
      {silent && <Silence at={at} />}
      {problem && <Refused loaded={list.value} />}
      {!body && !problem && !silent && <Loading />}
      {body && streams.length === 0 && <Empty />}
      {streams.length > 0 && (
        <div ref={grid} class={`wall columns-${columns.value} ${silent ? 'old' : ''}`}>
          <Tiles streams={streams} />
        </div>
      )}
      {streams.length > 1 && <p class="quiet small foot keys">{t('wall-keys')}</p>}
      {streams.length > 0 && me.value && !isAdministrator.value && (
        <p class="quiet foot">{t('more-hidden')}</p>
      )}
    </main>
  );
}

function Tiles({ streams }: { readonly streams: readonly Stream[] }) {
  const names = streams.map(({ name }) => name);
  const isOnly = names.length === 1 && !isAdministrator.value;
  return (
    <>
      {streams.map((stream, place) => (
        <Tile
          key={stream.name}
          stream={stream}
          primary={isOnly}
          onPlace={(name) => keepOrder(moved(names, name, stream.name))}
          onMove={(by) => keepOrder(moved(names, stream.name, names[place + by] ?? ''))}
        />
      ))}
    </>
  );
}

function Arrangement({ streams }: { readonly streams: readonly Stream[] }) {
  const names = streams.map(({ name }) => name);
  const all = names.every((name) => connected.value.has(name));
  return (
    <div class="arrangement">
      <Segments
        legend={t('columns')}
        value={columns.value}
        options={COLUMNS.map((one) => [one, one === 'auto' ? t('columns-auto') : String(one)])}
        onChange={arrange}
      />
      <button type="button" class="button" onClick={() => toggleAll(names)}>
        {t(all ? 'all-still' : 'all-live')}
      </button>
    </div>
  );
}

/** Space: all live or still. 1 to 4, 0: columns. f: the wall alone. */
function useWallKeys(streams: readonly Stream[], grid: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const elsewhere = target.closest('button, a, input, select, textarea, lenswire-player');
      if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
      const count = COLUMNS.find((one) => (one === 'auto' ? '0' : String(one)) === event.key);
      if (event.key === ' ') toggleAll(streams.map(({ name }) => name));
      else if (event.key === 'f') void grid.current?.requestFullscreen?.().catch(() => undefined);
      else if (count) arrange(count);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, [streams, grid]);
}

function Silence({ at }: { readonly at: number | undefined }) {
  const age = at === undefined ? undefined : span(now.value - at, t);
  const detail = age === undefined ? t('silence-first') : t('silence-text', { time: age });
  const problem = { code: 'hub_unreachable', title: t('silence-title'), detail };
  return <ProblemCard problem={{ ...problem, fix: t('silence-fix') }} />;
}

function Refused({ loaded: { problem } }: { readonly loaded: Loaded<List<Stream>> }) {
  if (!problem) return null;
  return (
    <ProblemCard problem={problem}>
      {problem.code === 'unauthorized' && (
        <a class="button primary" href="/login">
          {t('sign-in')}
        </a>
      )}
    </ProblemCard>
  );
}

function Loading() {
  return (
    <div class="wall columns-auto" role="status" aria-label={t('loading')}>
      {[1, 2, 3].map((number) => (
        <div key={number} class="tile ghost" aria-hidden="true">
          <div class="picture" />
          <div class="caption" />
        </div>
      ))}
    </div>
  );
}

/** The shape of an entry, to be copied; the same in every language. */
const EXAMPLE = ['streams:', '  gate: rtsp://user:password@192.168.1.20/stream1'].join('\n');

function Empty() {
  const hidden = me.value?.claimed === true && !isAdministrator.value;
  return (
    <section class="card empty">
      <h2>{t(hidden ? 'empty-hidden-title' : 'empty-title')}</h2>
      {hidden ? (
        <>
          <p>{t('empty-hidden-text')}</p>
          <div class="actions">
            <a class="button primary" href="/login">
              {t('sign-in')}
            </a>
          </div>
        </>
      ) : isAdministrator.value ? (
        <>
          <p>{t('empty-add-text')}</p>
          <div class="actions">
            <a class="button" href="/add">
              {t('add-button')}
            </a>
          </div>
        </>
      ) : (
        <>
          <p>{t('empty-text', { key: 'streams:' })}</p>
          <pre class="mono">{EXAMPLE}</pre>
        </>
      )}
    </section>
  );
}
