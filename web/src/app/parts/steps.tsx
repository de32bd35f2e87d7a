/** Long work as a list of its steps, ticked off one by one. */
import type { ProbeStep } from '../../api/types.ts';
import { quoted, span } from '../../format.ts';
import { t } from '../../strings/console.ts';
import { Icon } from './icon.tsx';

/** How a step is called; a step that these pages do not know yet goes by the hub's own word. */
function nameOf(step: string): string {
  const key = `probe-step-${step}`;
  const words = t(key);
  return words === key ? step : words;
}

const ICONS = { done: 'check', failed: 'cross', skipped: 'skip' } as const;

/** Below a second there is nothing to tell; milliseconds. */
const LONG = 1_000;

interface Props {
  readonly steps: readonly ProbeStep[];
  /** Whether there are more to come. */
  readonly isRunning: boolean;
}

export function Steps({ steps, isRunning }: Props) {
  return (
    <ol class="steps" aria-live="polite" aria-busy={isRunning}>
      {steps.map(({ name, state, detail, ms }) => (
        <li key={name} class={state}>
          <Icon name={ICONS[state]} />
          <span>
            {nameOf(name)}
            <span class="only-read"> {t(`step-${state}`)}</span>
            {detail && <span class="quiet small block">{quoted(detail)}</span>}
          </span>
          {ms >= LONG && <span class="quiet small">{span(ms, t)}</span>}
        </li>
      ))}
      {isRunning && (
        <li class="running">
          <i class="spinner" aria-hidden="true" />
          <span class="quiet">{t('probe-running')}</span>
        </li>
      )}
    </ol>
  );
}
