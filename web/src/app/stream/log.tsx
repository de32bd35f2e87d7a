/** What the hub's log says of one stream. */
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { List, LogLine } from '../../api/types.ts';
import { t } from '../../strings/console.ts';
import { LogView } from '../parts/log.tsx';
import { Panel } from '../parts/panel.tsx';
import { load, usePolling } from '../state/load.ts';

const LINES = 50;
/** Milliseconds. */
const INTERVAL = 5_000;

export function StreamLog({ name }: { readonly name: string }) {
  const log = useMemo(() => load<List<LogLine>>(), [name]);
  usePolling(log, () => api.logOf(name, LINES), INTERVAL, name);
  return (
    <Panel kind="log" title={t('log')} loaded={log.value}>
      {({ items }) => <LogView lines={items} />}
    </Panel>
  );
}
