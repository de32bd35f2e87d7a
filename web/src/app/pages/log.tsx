/** `/log`: what the hub says of itself. Secrets are blacked out before they get there. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Level, List, LogLine } from '../../api/types.ts';
import { t } from '../../strings/console.ts';
import { Field, Segments } from '../parts/field.tsx';
import { fieldsOf, LogView } from '../parts/log.tsx';
import { Panel } from '../parts/panel.tsx';
import { load, usePolling } from '../state/load.ts';

const LIMIT = 500;
/** Milliseconds. */
const INTERVAL = 3_000;

const LEVELS: readonly Level[] = ['error', 'warn', 'info', 'debug'];

/** Whether a line has a text in it, anywhere, upper or lower case. Pure. */
export function hasText({ message, target, fields }: LogLine, text: string): boolean {
  const all = `${message} ${target} ${fieldsOf(fields)}`.toLowerCase();
  return all.includes(text.trim().toLowerCase());
}

export function LogPage() {
  const level = useSignal<Level>('info');
  const text = useSignal('');
  const log = useMemo(() => load<List<LogLine>>(), [level.value]);
  usePolling(log, () => api.log(level.value, LIMIT), INTERVAL, level.value);
  return (
    <main id="content" class="wide-page">
      <div class="title-row">
        <h1>{t('log')}</h1>
        <span class="space" />
        <Segments
          legend={t('log-level')}
          value={level.value}
          options={LEVELS.map((one) => [one, t(`level-${one}`)])}
          onChange={(next) => {
            level.value = next;
          }}
        />
      </div>
      <Field
        label={t('log-find')}
        name="find"
        value={text.value}
        onInput={(next) => {
          text.value = next;
        }}
      />
      <Panel title={t('log-newest')} loaded={log.value}>
        {({ items }) => <LogView lines={items.filter((line) => hasText(line, text.value))} />}
      </Panel>
    </main>
  );
}
