/** Which hub and which stream an element's `src` and `stream` name. Pure. */

export interface Address {
  readonly origin: string;
  readonly stream: string;
}

/**
 * `src` is a stream's page (`/gate`, `https://hub.example/site/gate`), or, with `stream`, any
 * address at the hub. `undefined` when they name nothing.
 */
export function address(src: string, stream: string | null, base: string): Address | undefined {
  let url: URL;
  try {
    url = new URL(src || '/', base);
  } catch {
    return undefined;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const name = stream ?? url.pathname.replace(/^\/+|\/+$|\/whep\/?$/g, '');
  return name === '' ? undefined : { origin: url.origin, stream: name };
}
