/**
 * Looked at by `tsc` alone: what these pages read of the hub's answers is there (`hub.ts` is made from
 * the hub's own description), and what they send it takes.
 */
import type * as hub from './hub.ts';
import type * as ours from './types.ts';

/** Ours name the words of a choice and leave null out where the hub never sends it; that may differ. */
type Wide<T> = T extends string
  ? string
  : T extends readonly (infer One)[]
    ? readonly Wide<One>[]
    : T extends object
      ? { [K in keyof T]: Record<never, never> extends Pick<T, K> ? Wide<T[K]> | null : Wide<T[K]> }
      : T;

export const me = (one: hub.Me): Wide<ours.Me> => one;
export const stream = (one: hub.StreamView): Wide<ours.Stream> => one;
export const streams = (one: hub.StreamViewList): Wide<ours.List<ours.Stream>> => one;
export const session = (one: hub.SessionView): Wide<ours.Session> => one;
export const change = (one: hub.Stood): Wide<ours.Change> => one;
export const curves = (one: hub.CurvesView): Wide<ours.Curves> => one;
export const line = (one: hub.Line): Wide<ours.LogLine> => one;
export const token = (one: hub.TokenView): Wide<ours.Token> => one;
export const made = (one: hub.TokenMade): Wide<ours.NewToken> => one;

export const claim = (one: ours.ClaimRequest): hub.ClaimRequest => one;
export const login = (one: ours.LoginRequest): hub.LoginRequest => one;
export const patch = (one: ours.StreamPatch): hub.StreamPatch => one;
export const add = (one: ours.StreamPatch, name: string): hub.NewStream => ({ ...one, name });
export const want = (one: Wide<ours.TokenRequest>): Wide<hub.TokenRequest> => one;
