/**
 * Requests to `/api/v1`. An answer is a value that has to be looked at: success, a problem the hub
 * tells of, or silence.
 */
import { type Problem, readProblem } from '../player/protocol.ts';
import type {
  Change,
  ClaimRequest,
  Curves,
  Level,
  List,
  LoginRequest,
  LogLine,
  Me,
  NewToken,
  Session,
  Settings,
  SettingsPlan,
  SignedIn,
  Span,
  Stream,
  StreamPatch,
  Token,
  TokenRequest,
} from './types.ts';

export type Answer<T> =
  | { readonly kind: 'ok'; readonly body: T; readonly etag: string | undefined }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly status: number }
  | { readonly kind: 'silence' };

interface Extras {
  readonly body?: unknown;
  /** The version that a change is meant for. */
  readonly etag?: string | undefined;
  /** Goes on when the page is left. */
  readonly keepalive?: boolean;
}

/** A hub on the same network answers within a second; milliseconds. */
const LIMIT = 10_000;

/** What a guest's link brought: shown with every request instead of a cookie. */
let bearer: string | undefined;

export function showToken(token: string | undefined): void {
  bearer = token;
}

/** Headers of a request of ours. */
export function headersOf({ body, etag }: Extras): Record<string, string> {
  return {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(etag !== undefined && { 'if-match': etag }),
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  };
}

async function request<T>(method: string, path: string, extras: Extras = {}): Promise<Answer<T>> {
  const { body, keepalive = false } = extras;
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      headers: headersOf(extras),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMIT),
      cache: 'no-store',
      keepalive,
    });
    compareClocks(response.headers.get('date'));
    const type = response.headers.get('content-type') ?? '';
    const json: unknown = type.includes('json') ? await response.json() : undefined;
    const etag = response.headers.get('etag') ?? undefined;
    if (response.ok) return { kind: 'ok', body: json as T, etag };
    return { kind: 'problem', problem: problemOf(json, response.status), status: response.status };
  } catch {
    return { kind: 'silence' };
  }
}

/** What an answer that is no success tells. */
export const problemOf = (json: unknown, status: number): Problem =>
  readProblem(json) ?? { code: `http_${status}`, title: `HTTP ${status}` };

/** The hub's clock less ours, in ms; 0 while they agree as far as a `Date` header can tell. */
export let clockOffset = 0;
/** A `Date` header tells whole seconds, and the answer took a while; milliseconds. */
const EXACTNESS = 3_000;

function compareClocks(date: string | null): void {
  const offset = Date.parse(date ?? '') + 500 - Date.now();
  if (Number.isFinite(offset)) clockOffset = Math.abs(offset) < EXACTNESS ? 0 : offset;
}

/** Settings by key; null brings a default back. */
export type SettingsPatch = Readonly<Record<string, unknown>>;

const stream = (name: string): string => `streams/${encodeURIComponent(name)}`;

export const api = {
  me: () => request<Me>('GET', 'me'),
  claim: (body: ClaimRequest) => request<SignedIn>('POST', 'claim', { body }),
  login: (body: LoginRequest) => request<SignedIn>('POST', 'login', { body }),
  logout: () => request<undefined>('POST', 'logout', { body: {} }),

  streams: () => request<List<Stream>>('GET', 'streams'),
  stream: (name: string) => request<Stream>('GET', stream(name)),
  add: (name: string, patch: StreamPatch) =>
    request<Stream>('POST', 'streams', { body: { name, ...patch } }),
  change: (name: string, patch: StreamPatch, etag?: string) =>
    request<Stream>('PATCH', stream(name), { body: patch, etag }),
  remove: (name: string, keepalive = false) =>
    request<undefined>('DELETE', stream(name), { keepalive }),
  retry: (name: string) => request<undefined>('POST', `${stream(name)}/retry`, { body: {} }),
  history: (name: string, limit: number) =>
    request<List<Change>>('GET', `${stream(name)}/history?limit=${limit}`),
  curves: (name: string, span: Span) =>
    request<Curves>('GET', `${stream(name)}/stats?span=${span}`),

  sessions: () => request<List<Session>>('GET', 'sessions'),
  endSession: (id: string) => request<undefined>('DELETE', `sessions/${id}`),

  log: (level: Level, limit: number) =>
    request<List<LogLine>>('GET', `log?level=${level}&limit=${limit}`),
  logOf: (name: string, limit: number) =>
    request<List<LogLine>>('GET', `log?stream=${encodeURIComponent(name)}&limit=${limit}`),

  settings: () => request<Settings>('GET', 'settings'),
  planSettings: (body: SettingsPatch) =>
    request<SettingsPlan>('PATCH', 'settings?dry_run=true', { body }),
  changeSettings: (body: SettingsPatch, etag?: string) =>
    request<unknown>('PATCH', 'settings', { body, etag }),

  tokens: () => request<List<Token>>('GET', 'tokens'),
  makeToken: (body: TokenRequest) => request<NewToken>('POST', 'tokens', { body }),
  revoke: (id: string, keepalive = false) =>
    request<undefined>('DELETE', `tokens/${encodeURIComponent(id)}`, { keepalive }),
};

/** Where a stream's last picture is, `width` pixels wide. */
export const snapshotOf = (name: string, width: number): string =>
  `/api/v1/${stream(name)}/snapshot.jpg?width=${width}`;
