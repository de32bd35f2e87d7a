/** A setting's value as a field's text and back. Pure. */
import type { Setting } from '../../api/types.ts';

/** How a value is edited: by its present type, which the hub keeps to. */
export type Kind = 'boolean' | 'number' | 'list' | 'text' | 'structure';

export function kindOf({ value, has_secret }: Setting): Kind {
  if (has_secret !== undefined) return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return 'number';
  if (Array.isArray(value)) {
    return value.every((one) => typeof one !== 'object') ? 'list' : 'structure';
  }
  return typeof value === 'object' && value !== null ? 'structure' : 'text';
}

/** The text that a field begins with. */
export function textOf(setting: Setting): string {
  const { value } = setting;
  if (value === null || value === undefined) return '';
  switch (kindOf(setting)) {
    case 'list':
      return (value as unknown[]).join(', ');
    case 'structure':
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** What a field's text means; null for nothing: the default. */
export function readValue(kind: Kind, text: string): unknown {
  const plain = text.trim();
  if (plain === '') return kind === 'list' ? [] : null;
  switch (kind) {
    case 'boolean':
      return plain === 'true';
    case 'number':
      return Number.isFinite(Number(plain)) ? Number(plain) : plain;
    case 'list':
      return plain.split(/[\s,]+/).filter(Boolean);
    default:
      return plain;
  }
}

/** The first part of a key: what it belongs with. */
export const groupOf = (key: string): string =>
  key.includes('.') ? (key.split('.')[0] ?? '') : '';

/** Settings in their groups, in the hub's order; those of no group first. */
export function grouped(items: readonly Setting[]): [string, Setting[]][] {
  const groups = new Map<string, Setting[]>([['', []]]);
  for (const item of items) {
    const group = groupOf(item.key);
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  return [...groups].filter(([, members]) => members.length > 0);
}

/** The lines of a unified diff with what each is. */
export function linesOf(
  diff: string,
): { readonly kind: 'add' | 'drop' | 'same'; readonly text: string }[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !/^(---|\+\+\+) /.test(line))
    .map((text) => ({
      kind: text.startsWith('+') ? 'add' : text.startsWith('-') ? 'drop' : 'same',
      text,
    }));
}
