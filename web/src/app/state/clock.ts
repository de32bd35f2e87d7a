/** The page's clock, for everything that says since when or how long yet. */
import { signal } from '@preact/signals';
import { clockOffset } from '../../api/client.ts';

const read = (): number => Date.now() + clockOffset;

/** Now by the hub's clock, in Unix milliseconds; moves once a second while the page is seen. */
export const now = signal(read());

setInterval(() => {
  if (!document.hidden) now.value = read();
}, 1_000);
