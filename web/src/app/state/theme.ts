/** Dark, light or as the system. `look/first.js` applies a stored choice before the first paint. */
import { signal } from '@preact/signals';

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const STORED = 'lenswire-theme';

export const theme = signal<Theme>(
  THEMES.find((one) => one === localStorage.getItem(STORED)) ?? 'auto',
);

export function paint(next: Theme): void {
  theme.value = next;
  localStorage.setItem(STORED, next);
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
