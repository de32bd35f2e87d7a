/**
 * Something the page shows and asks for again and again. What was known stays on the page when the
 * hub falls silent; how old it is, is said.
 */
import { type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Answer } from '../../api/client.ts';
import type { Problem } from '../../player/protocol.ts';

export interface Loaded<T> {
  readonly body?: T;
  /** When `body` came; Unix milliseconds. */
  readonly at?: number;
  readonly problem?: Problem;
  /** The hub did not answer the last time it was asked. */
  readonly silent: boolean;
}

export type Load<T> = Signal<Loaded<T>>;

export const load = <T>(): Load<T> => signal<Loaded<T>>({ silent: false });

/** Takes an answer in. */
export function taken<T>(before: Loaded<T>, answer: Answer<T>, now: number): Loaded<T> {
  switch (answer.kind) {
    case 'ok':
      return { body: answer.body, at: now, silent: false };
    case 'problem':
      return { problem: answer.problem, silent: false };
    case 'silence':
      return { ...before, silent: true };
  }
}

/** Asks now and every `interval` milliseconds while the page is seen, and when `key` changes. */
export function usePolling<T>(
  target: Load<T>,
  ask: () => Promise<Answer<T>>,
  interval: number,
  key: unknown,
): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async () => {
      if (!document.hidden) {
        const answer = await ask();
        if (ended) return;
        target.value = taken(target.peek(), answer, Date.now());
      }
      timer = setTimeout(turn, interval);
    };
    const seen = () => {
      clearTimeout(timer);
      void turn();
    };
    void turn();
    document.addEventListener('visibilitychange', seen);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, interval]);
}
