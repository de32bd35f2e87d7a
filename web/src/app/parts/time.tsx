/** A moment in relative words, the exact one as its title. */
import type { ComponentChildren } from 'preact';
import { language } from '../../strings/console.ts';

/** A moment as the reader's language writes it; RFC 3339 or Unix milliseconds. */
export const exact = (at: string | number): string =>
  new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(at),
  );

export function Exact({
  at,
  children,
}: {
  readonly at: string;
  readonly children: ComponentChildren;
}) {
  return (
    <time class="quiet" dateTime={at} title={exact(at)}>
      {children}
    </time>
  );
}
