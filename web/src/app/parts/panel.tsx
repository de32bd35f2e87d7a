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
  readonly wide?: boolean;
  readonly children: (body: T) => ComponentChildren;
}

export function Panel<T>({ title, loaded, extra, wide, children }: Props<T>) {
  const { body, problem, silent } = loaded;
  const trouble = problem ?? (silent && body === undefined ? silence() : undefined);
  return (
    <section class={wide ? 'panel wide' : 'panel'}>
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
