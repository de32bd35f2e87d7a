/** A titled box about something that is loaded: waiting, what came, or why it did not. */
import type { ComponentChildren } from 'preact';
import { t } from '../../strings/console.ts';
import type { Loaded } from '../state/load.ts';
import { silence } from '../state/undo.ts';
import { ProblemCard } from './problem.tsx';

interface Props<T> {
  readonly title: string;
  readonly loaded: Loaded<T>;
  /** Beside the title. */
  readonly extra?: ComponentChildren;
  /** What it is of: how much place it keeps while it waits, so that nothing jumps. */
  readonly kind?: 'curves' | 'history' | 'watching' | 'log' | 'tokens';
  readonly children: (body: T) => ComponentChildren;
}

export function Panel<T>({ title, loaded, extra, kind, children }: Props<T>) {
  const { body, problem, silent } = loaded;
  const trouble = problem ?? (silent && body === undefined ? silence() : undefined);
  return (
    <section class={kind ? `panel panel-${kind}` : 'panel'}>
      <div class="panel-head">
        <h2>{title}</h2>
        {extra}
      </div>
      {trouble && <ProblemCard problem={trouble} />}
      {body !== undefined && children(body)}
      {body === undefined && !trouble && <p class="quiet">{t('loading')}</p>}
    </section>
  );
}
