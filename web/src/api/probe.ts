/** Asks the hub to look at a camera before it is kept; tells each step as it ends. */
import type { Problem } from '../player/protocol.ts';
import { headersOf, problemOf } from './client.ts';
import { events } from './events.ts';
import type { ProbeResult, ProbeStep } from './types.ts';

export type Probed =
  | { readonly kind: 'result'; readonly result: ProbeResult }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'silence' };

/** `signal` ends the asking, and with it the probe. */
export async function probe(
  source: string,
  onStep: (step: ProbeStep) => void,
  signal: AbortSignal,
): Promise<Probed> {
  try {
    const response = await fetch('/api/v1/probe', {
      method: 'POST',
      headers: { ...headersOf({ body: source }), accept: 'text/event-stream' },
      body: JSON.stringify({ source }),
      signal,
    });
    if (!response.ok || !response.body) {
      const problem = problemOf(await response.json().catch(() => undefined), response.status);
      return { kind: 'problem', problem };
    }
    for await (const { event, data } of events(response.body)) {
      if (event === 'step') onStep(JSON.parse(data) as ProbeStep);
      if (event === 'result') return { kind: 'result', result: JSON.parse(data) as ProbeResult };
    }
  } catch {
    // Ended by us, or the hub is gone.
  }
  return { kind: 'silence' };
}
