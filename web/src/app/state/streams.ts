/**
 * Every stream that we may see, as it is now: told by the hub's events where it has them, asked for
 * again and again where not. One for the whole console, because the header counts on every page.
 */
import { computed, signal } from '@preact/signals';
import { api } from '../../api/client.ts';
import type { List, Stream } from '../../api/types.ts';
import { guestToken } from './guest.ts';
import { has } from './has.ts';
import { type Loaded, taken } from './load.ts';

/** Without events the list is asked for this often; milliseconds. */
const INTERVAL = 2_000;
/** With events it is asked for this seldom: only to heal what an event may have missed. */
const SELDOM = 60_000;

export const streams = signal<Loaded<List<Stream>>>({ silent: false });

/** Names that are on their way out: not shown, and not gone yet. */
export const leaving = signal<ReadonlySet<string>>(new Set());

export const shown = computed(() =>
  (streams.value.body?.items ?? []).filter(({ name }) => !leaving.value.has(name)),
);

export const streamOf = (name: string): Stream | undefined =>
  streams.value.body?.items.find((stream) => stream.name === name);

/** A list with one stream told anew, in its place, or at the end in the order of names. Pure. */
export function told(items: readonly Stream[], stream: Stream): Stream[] {
  const known = items.some(({ name }) => name === stream.name);
  if (known) return items.map((one) => (one.name === stream.name ? stream : one));
  return [...items, stream].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function change(items: (before: readonly Stream[]) => readonly Stream[]): void {
  const { body } = streams.value;
  if (!body) return;
  streams.value = { body: { ...body, items: items(body.items) }, at: Date.now(), silent: false };
}

export const put = (stream: Stream): void => change((items) => told(items, stream));

export const drop = (name: string): void =>
  change((items) => items.filter((one) => one.name !== name));

/** What was told since the page was last drawn: a wall of many is drawn anew a few times a second. */
const waiting = new Map<string, Stream>();
/** Milliseconds. */
const TOGETHER = 200;

function gather(stream: Stream): void {
  const isFirst = waiting.size === 0;
  waiting.set(stream.name, stream);
  if (isFirst) setTimeout(flush, TOGETHER);
}

function flush(): void {
  const all = [...waiting.values()];
  waiting.clear();
  change((items) => all.reduce<readonly Stream[]>(told, items));
}

function gone(name: string): void {
  waiting.delete(name);
  drop(name);
}

let events: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

async function ask(): Promise<void> {
  clearTimeout(timer);
  if (document.hidden) return;
  streams.value = taken(streams.peek(), await api.streams(), Date.now());
  const isTold = events?.readyState === EventSource.OPEN;
  clearTimeout(timer);
  timer = setTimeout(() => void ask(), isTold ? SELDOM : INTERVAL);
}

function listen(): void {
  // A guest shows its token in a header, which an EventSource cannot send.
  if (guestToken !== undefined || !has.value?.past) return;
  events = new EventSource('/api/v1/events');
  events.addEventListener('open', () => void ask());
  events.addEventListener('error', () => void ask());
  events.addEventListener('reset', () => void ask());
  events.addEventListener('stream', (event) => gather(JSON.parse(event.data) as Stream));
  events.addEventListener('removed', (event) => gone((JSON.parse(event.data) as Stream).name));
}

/** Begins to follow. A hidden page listens to nothing: browsers allow six connections to a hub. */
export function followStreams(): void {
  const turn = () => {
    events?.close();
    events = undefined;
    if (document.hidden) return;
    listen();
    void ask();
  };
  document.addEventListener('visibilitychange', turn);
  turn();
}

/** After a change of ours: the list as it is now. */
export const refresh = (): Promise<void> => ask();
