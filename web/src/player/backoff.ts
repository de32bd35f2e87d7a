/**
 * When to try again: doubling from half a second to a cap, spread by chance so that a hundred
 * pages whose hub restarts do not come back in one instant. Pure: the chance is an argument.
 */

/** First wait, in milliseconds: a restarted hub is back within a second. */
const FIRST = 500;
/** Longest wait, in milliseconds: longer, and a person reloads the page by hand. */
const LONGEST = 15_000;

/**
 * How long to wait before try number `tries` (0 = the first repetition), in milliseconds.
 * `chance` lies in 0..1 and spreads the wait by plus or minus a third.
 */
export function wait(tries: number, chance: number): number {
  const base = Math.min(LONGEST, FIRST * 2 ** Math.min(tries, 10));
  return Math.round(base * (2 / 3 + (2 / 3) * chance));
}
