/** Changing the settings, step by step: edited, planned (the hub says what would happen), applied. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Answer, api, type SettingsPatch } from '../../api/client.ts';
import type { Settings, SettingsPlan } from '../../api/types.ts';
import type { Problem } from '../../player/protocol.ts';
import { silence } from '../state/undo.ts';

export type Step =
  | { readonly at: 'editing'; readonly problem?: Problem }
  | { readonly at: 'planning' | 'applying' }
  | { readonly at: 'planned'; readonly plan: SettingsPlan; readonly problem?: Problem }
  | { readonly at: 'applied'; readonly restarts: readonly string[] };

interface Present {
  readonly settings: Settings;
  /** The version of the file that they were read from. */
  readonly etag: string | undefined;
}

export interface Editing {
  readonly present: ReadonlySignal<Present | undefined>;
  /** Why there is nothing to edit. */
  readonly problem: ReadonlySignal<Problem | undefined>;
  readonly changes: ReadonlySignal<SettingsPatch>;
  readonly step: ReadonlySignal<Step>;
  edit(changes: SettingsPatch): void;
  plan(): Promise<void>;
  apply(plan: SettingsPlan): Promise<void>;
  back(): void;
}

/** What an answer that is no success says. */
const why = (answer: Exclude<Answer<unknown>, { kind: 'ok' }>): Problem =>
  answer.kind === 'problem' ? answer.problem : silence();

export function useSettings(): Editing {
  const present = useSignal<Present | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  const changes = useSignal<SettingsPatch>({});
  const step = useSignal<Step>({ at: 'editing' });
  const read = async () => {
    const answer = await api.settings();
    problem.value = answer.kind === 'ok' ? undefined : why(answer);
    if (answer.kind === 'ok') present.value = { settings: answer.body, etag: answer.etag };
  };
  useEffect(() => void read(), []);
  const edit = (next: SettingsPatch) => {
    changes.value = next;
    step.value = { at: 'editing' };
  };
  const plan = async () => {
    step.value = { at: 'planning' };
    const answer = await api.planSettings(changes.value);
    step.value =
      answer.kind === 'ok'
        ? { at: 'planned', plan: answer.body }
        : { at: 'editing', problem: why(answer) };
  };
  const apply = async (planned: SettingsPlan) => {
    step.value = { at: 'applying' };
    const answer = await api.changeSettings(changes.value, present.value?.etag);
    if (answer.kind === 'ok') changes.value = {};
    step.value =
      answer.kind === 'ok'
        ? { at: 'applied', restarts: planned.restarts }
        : { at: 'editing', problem: why(answer) };
    // Also when the file changed underneath: what it says now, with our changes still in the fields.
    await read();
  };
  const back = () => {
    step.value = { at: 'editing' };
  };
  return { present, problem, changes, step, edit, plan, apply, back };
}
