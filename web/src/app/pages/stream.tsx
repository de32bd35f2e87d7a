/** `/{stream}`: the picture, what is known of it now, and its links. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Stream } from '../../api/types.ts';
import type { LenswirePlayer, Problem, Stats } from '../../player/index.ts';
import { t } from '../../strings/console.ts';
import { Icon } from '../parts/icon.tsx';
import { Player } from '../parts/player.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { guestToken } from '../state/guest.ts';
import { has } from '../state/has.ts';
import { load, usePolling } from '../state/load.ts';
import { isAdministrator, me } from '../state/me.ts';
import { streamOf } from '../state/streams.ts';
import { CurvesPanel } from '../stream/curves.tsx';
import { Camera, Now, Sends } from '../stream/facts.tsx';
import { History } from '../stream/history.tsx';
import { Links } from '../stream/links.tsx';
import { StreamLog } from '../stream/log.tsx';
import { Watching } from '../stream/watching.tsx';
import { useSwipe } from '../wall/swipe.ts';

/** Whether it may be seen, and exists, is asked this often; how it is, the list tells. */
const INTERVAL = 5_000;

export function StreamPage({ name }: { readonly name: string }) {
  const facts = useMemo(() => load<Stream>(), [name]);
  usePolling(facts, () => api.stream(name), INTERVAL, `${name} ${me.value?.role}`);
  const stats = useSignal<Stats>({});
  const late = useSignal<Problem | undefined>(undefined);
  useEffect(() => {
    document.title = t('title-page', { page: name });
  });
  const { problem, silent } = facts.value;
  const body = streamOf(name) ?? facts.value.body;
  const neighbours = useSwipe(name);
  if (problem?.code === 'stream_not_found') return <Gone name={name} problem={problem} />;
  const wake = () => void (isAdministrator.value && api.retry(name));
  return (
    <main id="content" class="stream-page">
      <div class="title-row">
        <a class="button bare back" href="/" aria-label={t('back')} title={t('back')}>
          <Icon name="back" />
        </a>
        <h1>{name}</h1>
        <span class="space" />
        {body && isAdministrator.value && (
          <a class="button" href={`/${name}?edit`}>
            <Icon name="edit" />
            {t('edit')}
          </a>
        )}
      </div>
      <div class="stage" {...neighbours}>
        <Player
          key={name}
          src={`/${name}`}
          token={guestToken}
          controls
          onstats={(event) => follow(stats, event)}
          onstatechange={(event) => follow(stats, event)}
          onwarning={(event) => {
            late.value = event.detail;
          }}
          onretry={wake}
        />
      </div>
      <aside>
        <Now stream={silent ? undefined : body} stats={stats.value} />
        {body && <Warnings stream={body} late={late.value} />}
      </aside>
      {body && <Below stream={body} />}
    </main>
  );
}

/** What is to be known beyond this moment. Guests see what a stream sends; the rest is for administrators. */
function Below({ stream }: { readonly stream: Stream }) {
  const { name, state, viewers } = stream;
  const isOwner = isAdministrator.value;
  return (
    <div class="below">
      {isOwner && has.value?.past && <CurvesPanel name={name} />}
      <div class="stack">
        {isOwner && <Watching name={name} />}
        {isOwner && has.value?.past && <History name={name} state={state.name} />}
        <Sends stream={stream} />
      </div>
      <div class="stack">
        {guestToken === undefined && <Links name={name} isOpen={viewers === 'anyone'} />}
        {isOwner && <Camera stream={stream} />}
      </div>
      {isOwner && has.value?.past && <StreamLog name={name} />}
    </div>
  );
}

/** The player's numbers, while there is a picture that they are of. */
function follow(stats: Signal<Stats>, event: CustomEvent): void {
  const player = event.target as LenswirePlayer;
  const moves = player.state === 'live' || player.state === 'catching_up';
  stats.value = moves ? player.stats : {};
}

interface WarningsProps {
  readonly stream: Stream;
  /** This viewer's own. */
  readonly late: Problem | undefined;
}

function Warnings({ stream, late }: WarningsProps) {
  const { warnings, substream } = stream;
  const all = [late, ...warnings, substream?.state.problem].filter((one) => one !== undefined);
  if (all.length === 0) return null;
  return (
    <section class="warnings">
      <h2>{t('warnings')}</h2>
      {all.map((warning) => (
        <ProblemCard key={warning.code} problem={warning} />
      ))}
    </section>
  );
}

interface GoneProps {
  readonly name: string;
  readonly problem: { readonly code: string; readonly title: string };
}

function Gone({ name, problem }: GoneProps) {
  return (
    <main id="content" class="narrow-page">
      <h1>{name}</h1>
      <ProblemCard problem={problem}>
        <a class="button primary" href="/">
          {t('back')}
        </a>
      </ProblemCard>
    </main>
  );
}
