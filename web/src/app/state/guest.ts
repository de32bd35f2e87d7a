/**
 * A guest's link brings its token behind `#`, where no server and no log sees it. It is taken out of
 * the address bar, where shoulders look over, and kept for this tab so that a reload still plays.
 */
import { showToken } from '../../api/client.ts';

const STORED = 'lenswire-guest';

/** The token in an address's fragment: `#token=…`. Pure. */
export const tokenIn = (hash: string): string | undefined =>
  new URLSearchParams(hash.replace(/^#/, '')).get('token') || undefined;

/** What this tab came with; undefined for everybody who did not follow a guest's link. */
export let guestToken: string | undefined;

/** Takes the token from the address bar, or from before the reload. */
export function takeGuestToken(): void {
  const brought = tokenIn(location.hash);
  if (brought !== undefined) {
    sessionStorage.setItem(STORED, brought);
    history.replaceState(null, '', location.pathname + location.search);
  }
  guestToken = brought ?? sessionStorage.getItem(STORED) ?? undefined;
  showToken(guestToken);
}

/** Whoever signs in is no guest any more. */
export const forgetGuestToken = (): void => sessionStorage.removeItem(STORED);
