/** What the hub's log says of one stream. */
import { useMemo } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { List, LogLine } from '../../api/types.ts';
import { t } from '../../strings/console.ts';
import { LogView } from '../parts/log.tsx';
import { Panel } from '../parts/panel.tsx';
import { load, usePolling } from '../state/load.ts';

const LIMIT = 500;
/** Lines that are shown. */
const SHOWN = 50;
/** Milliseconds. */
const INTERVAL = 5_000;

/** Whether a line is about a stream. Pure. */
export const isAbout = ({ fields }: LogLine, name: string): boolean =>
  fields.stream === name || fields.camera === name;

export function StreamLog({ name }: { readonly name: string }) {
  const log = useMemo(() => load<List<LogLine>>(), [name]);
  usePolling(log, () => api.log('info', LIMIT), INTERVAL, name);
  return (
    <Panel wide title={t('log')} loaded={log.value}>
      {({ items }) => (
        <LogView lines={items.filter((line) => isAbout(line, name)).slice(0, SHOWN)} />
      )}
    </Panel>
  );
}
