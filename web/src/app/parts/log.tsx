/** Lines of the hub's log, the newest first. */
import type { LogLine } from '../../api/types.ts';
import { language, t } from '../../strings/console.ts';
import { exact } from './time.tsx';

const clock = (at: string): string =>
  new Intl.DateTimeFormat(language.value, { timeStyle: 'medium' }).format(Date.parse(at));

/** What a line tells beside its message, as `key=value`. Pure. */
export const fieldsOf = (fields: LogLine['fields']): string =>
  Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

export function LogView({ lines }: { readonly lines: readonly LogLine[] }) {
  if (lines.length === 0) return <p class="quiet">{t('log-none')}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys.
    <ol class="log mono" tabIndex={0} aria-label={t('log')}>
      {lines.map(({ id, at, level, message, fields }) => (
        <li key={id} class={level}>
          <time dateTime={at} title={exact(at)}>
            {clock(at)}
          </time>
          <span class="level">{level}</span>
          <span class="message">
            {message} <span class="quiet">{fieldsOf(fields)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
