/**
 * Requests to `/api/v1`. An answer is a value that has to be looked at: success, a problem the hub
 * tells of, or silence.
 */
import { type Problem, readProblem } from '../player/protocol.ts';
import type { ClaimRequest, LoginRequest, Me, SignedIn, Stream, StreamList } from './types.ts';

export type Answer<T> =
  | { readonly kind: 'ok'; readonly body: T }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly status: number }
  | { readonly kind: 'silence' };

/** A hub on the same network answers within a second; milliseconds. */
const LIMIT = 10_000;

async function request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMIT),
      cache: 'no-store',
    });
    compareClocks(response.headers.get('date'));
    const type = response.headers.get('content-type') ?? '';
    const json: unknown = type.includes('json') ? await response.json() : undefined;
    if (response.ok) return { kind: 'ok', body: json as T };
    const problem = readProblem(json) ?? { code: `http_${response.status}`, title: type };
    return { kind: 'problem', problem, status: response.status };
  } catch {
    return { kind: 'silence' };
  }
}

/** The hub's clock less ours, in ms; 0 while they agree as far as a `Date` header can tell. */
export let clockOffset = 0;
/** A `Date` header tells whole seconds, and the answer took a while; milliseconds. */
const EXACTNESS = 3_000;

function compareClocks(date: string | null): void {
  const offset = Date.parse(date ?? '') + 500 - Date.now();
  if (Number.isFinite(offset)) clockOffset = Math.abs(offset) < EXACTNESS ? 0 : offset;
}

const stream = (name: string): string => `streams/${encodeURIComponent(name)}`;

export const api = {
  me: () => request<Me>('GET', 'me'),
  claim: (body: ClaimRequest) => request<SignedIn>('POST', 'claim', body),
  login: (body: LoginRequest) => request<SignedIn>('POST', 'login', body),
  logout: () => request<undefined>('POST', 'logout', {}),
  streams: () => request<StreamList>('GET', 'streams'),
  stream: (name: string) => request<Stream>('GET', stream(name)),
  retry: (name: string) => request<undefined>('POST', `${stream(name)}/retry`, {}),
};
