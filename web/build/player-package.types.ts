/** Looked at by `tsc` alone: what the player's package publishes is what its source offers. */
import type * as published from '../player-package/index.d.ts';
import type { LenswirePlayer, Problem, StateChange, Stats } from '../src/player/index.ts';

export const element = (one: LenswirePlayer): published.LenswirePlayer => one;
export const problem = (one: Problem): published.Problem => one;
export const stats = (one: Stats): published.Stats => one;
export const change = (one: StateChange): published.StateChange => one;
