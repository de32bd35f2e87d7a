/** Where in the console we are: the address bar as a value, and links that do not reload. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly page: 'streams' }
  | { readonly page: 'claim' }
  | { readonly page: 'login'; readonly to: string }
  | { readonly page: 'stream'; readonly name: string }
  | { readonly page: 'missing'; readonly path: string };

/** A stream's name: 1 to 4 segments (crates/api/src/name.rs). */
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}(\/[a-z0-9][a-z0-9_-]{0,62}){0,3}$/;

/** Understands an address. `to` leads only to pages of ours, never to another site. */
export function parse(path: string, search: string): Route {
  if (path === '/') return { page: 'streams' };
  if (path === '/claim') return { page: 'claim' };
  if (path === '/login') {
    const to = new URLSearchParams(search).get('to') ?? '/';
    return { page: 'login', to: /^\/(?![/\\])/.test(to) ? to : '/' };
  }
  const name = path.slice(1);
  return NAME.test(name) ? { page: 'stream', name } : { page: 'missing', path };
}

const read = (): Route => parse(location.pathname, location.search);

export const route = signal<Route>(read());

/** Goes to a page of ours. */
function go(path: string): void {
  history.pushState(null, '', path);
  route.value = read();
  scrollTo(0, 0);
}

function followLink(event: MouseEvent): void {
  // `external`: a page to be loaded anew, with a socket of its own.
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  const link = (event.target as Element | null)?.closest?.('a');
  if (!plain || event.button !== 0 || event.defaultPrevented || !link) return;
  const loads = link.target || link.rel === 'external';
  if (loads || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

/** Begins to follow links and the back button. */
export function follow(): void {
  addEventListener('popstate', () => {
    route.value = read();
  });
  document.addEventListener('click', followLink);
}
