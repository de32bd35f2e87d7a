/** A setting's value as a field's text and back. Pure. */
import type { Setting } from '../../api/types.ts';

const LISTS: ReadonlySet<Setting['kind']> = new Set(['addresses', 'networks']);

/** The text that a field begins with. */
export function textOf({ kind, value }: Pick<Setting, 'kind' | 'value'>): string {
  if (value === null || value === undefined) return '';
  if (LISTS.has(kind) && Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What a field's text means; null for nothing: the default. */
export function readValue(kind: Setting['kind'], text: string): unknown {
  const plain = text.trim();
  if (LISTS.has(kind)) return plain.split(/[\s,]+/).filter(Boolean);
  if (plain === '') return null;
  if (kind === 'boolean') return plain === 'true';
  // What is no number goes as it is: the hub says what is wrong with it.
  if (kind === 'number' && Number.isFinite(Number(plain))) return Number(plain);
  return plain;
}

/** What stands above the file cannot be changed in it; a structure is edited in the file itself. */
export const isFixed = ({ kind, from }: Setting): boolean =>
  from === 'flag' || from === 'environment' || kind === 'ice_servers';

/** The first part of a key: what it belongs with. */
const groupOf = (key: string): string => (key.includes('.') ? (key.split('.')[0] ?? '') : '');

/** Settings in their groups, in the hub's order; those of no group first. */
export function grouped(items: readonly Setting[]): [string, Setting[]][] {
  const groups = new Map<string, Setting[]>([['', []]]);
  for (const item of items) {
    const group = groupOf(item.key);
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  return [...groups].filter(([, members]) => members.length > 0);
}

export interface DiffLine {
  readonly kind: 'add' | 'drop' | 'same';
  readonly text: string;
}

/** The lines of a unified diff with what each is. */
export function linesOf(diff: string): DiffLine[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !/^(---|\+\+\+) /.test(line))
    .map((text) => ({
      kind: text.startsWith('+') ? 'add' : text.startsWith('-') ? 'drop' : 'same',
      text,
    }));
}
