/**
 * What the hub beside these pages can do: one of another version may know less, and what it cannot is
 * not shown. Asked once.
 */
import { signal } from '@preact/signals';
import { type Answer, api } from '../../api/client.ts';
import type { Route } from './route.ts';

export interface Abilities {
  /** Events, history, curves, log, snapshots, tokens: they came together. */
  readonly past: boolean;
  readonly settings: boolean;
}

/** Undefined until the hub has answered. */
export const has = signal<Abilities | undefined>(undefined);

const isThere = (answer: Answer<unknown>): boolean =>
  answer.kind === 'ok' || (answer.kind === 'problem' && answer.problem.code !== 'not_found');

export async function learnAbilities(): Promise<void> {
  const [log, settings] = await Promise.all([api.log('error', 1), api.settings()]);
  has.value = { past: isThere(log), settings: isThere(settings) };
}

/** Whether there is such a page here; undefined while nobody knows. */
export const exists = (page: Route['page']): boolean | undefined =>
  page === 'settings'
    ? has.value?.settings
    : page === 'access' || page === 'log'
      ? has.value?.past
      : true;
