/** What is set on the wall: which tiles play, how many columns, in which order. Pure but for the signals. */
import { signal } from '@preact/signals';

export type Columns = 'auto' | 1 | 2 | 3 | 4;

export const COLUMNS: readonly Columns[] = ['auto', 1, 2, 3, 4];

const STORED = 'lenswire-columns';

export const columns = signal<Columns>(
  COLUMNS.find((one) => String(one) === localStorage.getItem(STORED)) ?? 'auto',
);

export function arrange(next: Columns): void {
  columns.value = next;
  localStorage.setItem(STORED, String(next));
}

/** Names of the streams that somebody has connected. */
export const connected = signal<ReadonlySet<string>>(new Set());

export function connect(name: string, on: boolean): void {
  const next = new Set(connected.value);
  if (on) next.add(name);
  else next.delete(name);
  connected.value = next;
}

/** All live, or, when they all are, all still. */
export function toggleAll(names: readonly string[]): void {
  const all = names.every((name) => connected.value.has(name));
  connected.value = new Set(all ? [] : names);
}
