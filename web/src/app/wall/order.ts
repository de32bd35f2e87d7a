/** In which order the tiles stand: as they were dragged, kept per browser. */
import { signal } from '@preact/signals';

const STORED = 'lenswire-order';

/** Names as they were put; streams that came later are not in it. */
export const order = signal<readonly string[]>(read(localStorage.getItem(STORED)));

/** What was stored, or nothing when somebody else wrote there. Pure. */
export function read(text: string | null): readonly string[] {
  try {
    const names: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** `items` by `names`; who is not named comes behind, as it came. Pure. */
export function ordered<T extends { readonly name: string }>(
  items: readonly T[],
  names: readonly string[],
): T[] {
  const place = ({ name }: T) => {
    const at = names.indexOf(name);
    return at < 0 ? names.length : at;
  };
  return [...items].sort((a, b) => place(a) - place(b));
}

/** `names` with `name` at the place where `at` stands now. Pure. */
export function moved(names: readonly string[], name: string, at: string): string[] {
  const to = names.indexOf(at);
  const rest = names.filter((one) => one !== name);
  if (to < 0 || rest.length === names.length) return [...names];
  return [...rest.slice(0, to), name, ...rest.slice(to)];
}

export function keepOrder(names: readonly string[]): void {
  order.value = names;
  localStorage.setItem(STORED, JSON.stringify(names));
}
