/** Where in the console we are: the address bar as a value, and links that do not reload. */
import { signal } from '@preact/signals';

export type Route =
  | { readonly page: 'streams' }
  | { readonly page: 'claim' }
  | { readonly page: 'login'; readonly to: string }
  | { readonly page: 'add' }
  | { readonly page: 'access' }
  | { readonly page: 'settings' }
  | { readonly page: 'log' }
  | { readonly page: 'stream'; readonly name: string }
  | { readonly page: 'edit'; readonly name: string }
  | { readonly page: 'missing'; readonly path: string };

/** A stream's name: 1 to 4 segments (crates/api/src/name.rs). */
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}(\/[a-z0-9][a-z0-9_-]{0,62}){0,3}$/;

/** Whether a camera may be called that, as far as can be told without the hub. */
export const isName = (text: string): boolean => NAME.test(text);

/** Pages of one word; no stream may begin with them. */
const PAGES = ['claim', 'add', 'access', 'settings', 'log'] as const;

/** Understands an address. `to` leads only to pages of ours, never to another site. */
export function parse(path: string, search: string): Route {
  if (path === '/') return { page: 'streams' };
  const page = PAGES.find((word) => path === `/${word}`);
  if (page) return { page };
  if (path === '/login') {
    const to = new URLSearchParams(search).get('to') ?? '/';
    return { page: 'login', to: /^\/(?![/\\])/.test(to) ? to : '/' };
  }
  const name = path.slice(1);
  if (!isName(name)) return { page: 'missing', path };
  return { page: new URLSearchParams(search).has('edit') ? 'edit' : 'stream', name };
}

const read = (): Route => parse(location.pathname, location.search);

export const route = signal<Route>(read());

/** Goes to a page of ours. */
export function go(path: string): void {
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
