import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Stream } from '../../api/types.ts';

const stream = (name: string, watching = 0) => ({ name, stats: { watching } }) as unknown as Stream;

/** An EventSource that the test speaks through. */
class Events extends EventTarget {
  static readonly OPEN = 1;
  static last: Events;
  readyState = 1;
  constructor(readonly url: string) {
    super();
    Events.last = this;
  }
  close(): void {
    this.readyState = 2;
  }
  say(type: string, data: unknown): void {
    this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
  }
}

const page = Object.assign(new EventTarget(), { hidden: false });
const list = vi.fn();
vi.mock('./has.ts', () => ({ has: { value: { past: true } } }));
vi.mock('../../api/client.ts', () => ({ api: { streams: () => list() }, showToken: () => {} }));

describe('the streams', () => {
  let module: typeof import('./streams.ts');

  beforeEach(async () => {
    vi.resetModules();
    vi.useFakeTimers();
    vi.stubGlobal('document', page);
    vi.stubGlobal('EventSource', Events);
    page.hidden = false;
    list.mockReset();
    list.mockResolvedValue({ kind: 'ok', body: { items: [stream('gate')] } });
    module = await import('./streams.ts');
    module.followStreams();
    await vi.advanceTimersByTimeAsync(0);
  });

  const names = () => module.shown.value.map(({ name }) => name);

  it('follow what the hub tells, several words at once', async () => {
    expect(names()).toEqual(['gate']);
    Events.last.say('stream', stream('barn'));
    Events.last.say('stream', stream('gate', 1));
    Events.last.say('stream', stream('gate', 2));
    await vi.advanceTimersByTimeAsync(250);
    expect(names()).toEqual(['barn', 'gate']);
    expect(module.streamOf('gate')?.stats.watching).toBe(2);
    Events.last.say('stream', stream('barn', 5));
    Events.last.say('removed', { name: 'barn' });
    await vi.advanceTimersByTimeAsync(250);
    expect(names()).toEqual(['gate']);
  });

  it('are asked for where nothing is told, and stay when the hub falls silent', async () => {
    Events.last.readyState = 2;
    Events.last.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(0);
    const before = list.mock.calls.length;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(list.mock.calls.length - before).toBe(3);
    list.mockResolvedValue({ kind: 'silence' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect([names(), module.streams.value.silent]).toEqual([['gate'], true]);
  });

  it('are not listened to while nobody sees the page', async () => {
    const { last } = Events;
    page.hidden = true;
    page.dispatchEvent(new Event('visibilitychange'));
    expect(last.readyState).toBe(2);
    const before = list.mock.calls.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(list.mock.calls.length).toBe(before);
    page.hidden = false;
    page.dispatchEvent(new Event('visibilitychange'));
    expect(Events.last).not.toBe(last);
  });

  it('on their way out are hidden, not gone', () => {
    module.leaving.value = new Set(['gate']);
    expect(names()).toEqual([]);
    expect(module.streamOf('gate')).toBeDefined();
  });
});
