/**
 * What is taken back for ten seconds before it is done. The hub keeps no passwords to give back, so
 * nothing is removed there until the time is over; leaving the page ends the time at once.
 */
import { signal } from '@preact/signals';
import type { Answer } from '../../api/client.ts';
import type { Problem } from '../../player/protocol.ts';
import { t } from '../../strings/console.ts';

/** How long one may think again; milliseconds. */
const TIME = 10_000;

export interface Step {
  /** What happens, in words. */
  readonly text: string;
  /** Does it; `leaving` when the page goes away meanwhile. */
  run(leaving: boolean): Promise<Answer<unknown>>;
  /** Shows again what was hidden: after Undo, and when it could not be done. */
  restore(): void;
  /** It is done. */
  done?(): void;
}

/** The one thing that can be taken back; a second one does the first at once. */
export const pending = signal<Step | undefined>(undefined);

/** Why the last one could not be done. */
export const failed = signal<Problem | undefined>(undefined);

let timer: ReturnType<typeof setTimeout> | undefined;

export function later(step: Step): void {
  finish(false);
  failed.value = undefined;
  pending.value = step;
  timer = setTimeout(() => finish(false), TIME);
}

export function undo(): void {
  clearTimeout(timer);
  pending.value?.restore();
  pending.value = undefined;
}

function finish(leaving: boolean): void {
  clearTimeout(timer);
  const step = pending.value;
  pending.value = undefined;
  if (!step) return;
  void step.run(leaving).then((answer) => {
    if (answer.kind === 'ok') return step.done?.();
    failed.value = answer.kind === 'problem' ? answer.problem : silence();
    step.restore();
  });
}

/** The hub does not answer, as a problem. */
export const silence = (): Problem => ({
  code: 'hub_unreachable',
  title: t('silence-title'),
  fix: t('silence-fix'),
});

if (typeof addEventListener === 'function') addEventListener('pagehide', () => finish(true));
