/** Removing a camera: out of sight at once, gone after Undo's time. */
import { api } from '../../api/client.ts';
import { t } from '../../strings/console.ts';
import { drop, leaving } from './streams.ts';
import { later } from './undo.ts';

function hide(name: string, hidden: boolean): void {
  const next = new Set(leaving.value);
  if (hidden) next.add(name);
  else next.delete(name);
  leaving.value = next;
}

export function removeStream(name: string): void {
  hide(name, true);
  later({
    text: t('removed', { name }),
    run: (isLeaving) => api.remove(name, isLeaving),
    restore: () => hide(name, false),
    done: () => {
      drop(name);
      hide(name, false);
    },
  });
}
