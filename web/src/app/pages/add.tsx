/** `/add`: an address, what is behind it, a name; then the camera's page, playing. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { probe } from '../../api/probe.ts';
import type { ProbeResult, ProbeStep } from '../../api/types.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';
import { isAddress } from '../camera/form.ts';
import { Save } from '../camera/save.tsx';
import { Tracks } from '../camera/tracks.tsx';
import { Field } from '../parts/field.tsx';
import { ProblemCard } from '../parts/problem.tsx';
import { Steps } from '../parts/steps.tsx';
import { silence } from '../state/undo.ts';

type Stage =
  | { readonly at: 'address'; readonly error?: string }
  | { readonly at: 'probing'; readonly steps: readonly ProbeStep[] }
  | { readonly at: 'probed'; readonly steps: readonly ProbeStep[]; readonly result: ProbeResult }
  | { readonly at: 'failed'; readonly steps: readonly ProbeStep[]; readonly problem: Problem }
  /** Kept though it could not be looked at: the camera may be off today. */
  | { readonly at: 'unseen'; readonly steps: readonly ProbeStep[] };

export function AddPage() {
  const address = useSignal('');
  const stage = useSignal<Stage>({ at: 'address' });
  const look = useProbe(stage);
  const { value } = stage;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isAddress(address.value)) void look(address.value.trim());
    else stage.value = { at: 'address', error: t('address-wrong') };
  };
  return (
    <main id="content" class="form-page">
      <div class="title-row">
        <h1>{t('add-title')}</h1>
      </div>
      <form class="form card" onSubmit={submit} noValidate>
        <h2>{t('add-address')}</h2>
        <Field
          label={t('address-label')}
          name="source"
          mono
          autofocus
          placeholder={ADDRESS}
          value={address.value}
          help={t('address-text')}
          error={value.at === 'address' ? value.error : undefined}
          onInput={(text) => {
            address.value = text;
          }}
        />
        <Where />
        <button
          type="submit"
          class={value.at === 'probed' ? 'button' : 'button primary'}
          disabled={value.at === 'probing'}
        >
          {t(value.at === 'address' ? 'probe' : 'probe-again')}
        </button>
        {value.at !== 'address' && value.steps.length + (value.at === 'probing' ? 1 : 0) > 0 && (
          <Steps steps={value.steps} isRunning={value.at === 'probing'} />
        )}
      </form>
      <Found stage={stage} address={address.value.trim()} />
    </main>
  );
}

/** The shape of an address; the same in every language. */
const ADDRESS = 'rtsp://user:password@192.168.1.20/stream1';

/** Asks the hub to look, telling `stage` how far it is; a new look ends the one before. */
function useProbe(stage: Signal<Stage>): (source: string) => Promise<void> {
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  return async (source) => {
    running.current?.abort();
    const ended = new AbortController();
    running.current = ended;
    const { signal } = ended;
    let steps: readonly ProbeStep[] = [];
    stage.value = { at: 'probing', steps };
    const onStep = (step: ProbeStep) => {
      steps = [...steps, step];
      if (!signal.aborted) stage.value = { at: 'probing', steps };
    };
    const probed = await probe(source, onStep, signal);
    if (signal.aborted) return;
    if (probed.kind === 'result' && !probed.result.problem) {
      stage.value = { at: 'probed', steps: probed.result.steps, result: probed.result };
      return;
    }
    if (probed.kind === 'problem' && probed.problem.code === 'not_found') {
      stage.value = { at: 'unseen', steps };
      return;
    }
    const problem = probed.kind === 'result' ? probed.result.problem : undefined;
    const told = probed.kind === 'problem' ? probed.problem : problem;
    stage.value = { at: 'failed', steps, problem: told ?? silence() };
  };
}

function Found({ stage, address }: { readonly stage: Signal<Stage>; readonly address: string }) {
  const { value } = stage;
  switch (value.at) {
    case 'address':
    case 'probing':
      return null;
    case 'failed':
      return (
        <ProblemCard problem={value.problem}>
          <button
            type="button"
            class="button"
            onClick={() => {
              stage.value = { at: 'unseen', steps: value.steps };
            }}
          >
            {t('add-anyway')}
          </button>
        </ProblemCard>
      );
    case 'unseen':
      return <Save source={address} />;
    case 'probed':
      return (
        <>
          <section class="card">
            <h2>{t('add-sends')}</h2>
            <Tracks tracks={value.result.tracks} />
          </section>
          {value.result.warnings.map((warning) => (
            <div key={warning.code} class="warnings">
              <ProblemCard problem={warning} />
            </div>
          ))}
          <Save source={address} />
        </>
      );
  }
}

/** Paths by maker, as their manuals have them; the same in every language. */
const MAKERS = [
  ['Axis', '/axis-media/media.amp'],
  ['Dahua, Amcrest', '/cam/realmonitor?channel=1&subtype=0'],
  ['Hikvision', '/Streaming/Channels/101'],
  ['Reolink', '/h264Preview_01_main'],
  ['TP-Link Tapo', '/stream1'],
  ['UniFi Protect', ':7447/…'],
] as const;

/** Where an address is found. Cameras found on the network will stand here, above the makers. */
function Where() {
  return (
    <details class="where">
      <summary>{t('where-title')}</summary>
      <p class="quiet">{t('where-text')}</p>
      <dl class="facts">
        {MAKERS.map(([maker, path]) => (
          <div key={maker}>
            <dt>{maker}</dt>
            <dd class="mono wrap">{path}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
