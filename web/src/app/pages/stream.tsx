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
import { load, usePolling } from '../state/load.ts';
import { isAdministrator, me } from '../state/me.ts';
import { Camera, Now, Sends } from '../stream/facts.tsx';
import { Links } from '../stream/links.tsx';

/** The facts follow the hub within this time; milliseconds. */
const INTERVAL = 1_000;

export function StreamPage({ name }: { readonly name: string }) {
  const facts = useMemo(() => load<Stream>(), [name]);
  usePolling(facts, () => api.stream(name), INTERVAL, `${name} ${me.value?.role}`);
  const stats = useSignal<Stats>({});
  const late = useSignal<Problem | undefined>(undefined);
  useEffect(() => {
    document.title = t('title-page', { page: name });
  });
  const { body, problem, silent } = facts.value;
  if (problem?.code === 'stream_not_found') return <Gone name={name} problem={problem} />;
  const wake = () => void (isAdministrator.value && api.retry(name));
  return (
    <main id="content" class="stream-page">
      <div class="title-row">
        <a class="button bare back" href="/" aria-label={t('back')} title={t('back')}>
          <Icon name="back" />
        </a>
        <h1>{name}</h1>
      </div>
      <div class="stage">
        <Player
          key={name}
          src={`/${name}`}
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
      <div class="below">
        <Links name={name} />
        {body && <Sends stream={body} />}
        {body && isAdministrator.value && <Camera stream={body} />}
      </div>
    </main>
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
