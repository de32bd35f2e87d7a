import { beforeEach, describe, expect, it, vi } from 'vitest';

vi.mock('../../strings/console.ts', () => ({ t: (key: string) => key }));
const ok = { kind: 'ok', body: undefined, etag: undefined } as const;

describe('undo', () => {
  let undo: typeof import('./undo.ts');
  const leave: (() => void)[] = [];
  beforeEach(async () => {
    vi.resetModules();
    vi.useFakeTimers();
    leave.length = 0;
    vi.stubGlobal('addEventListener', (_: string, act: () => void) => leave.push(act));
    undo = await import('./undo.ts');
  });
  const step = (answer: object = ok) => ({
    text: 'gate',
    run: vi.fn().mockResolvedValue(answer),
    restore: vi.fn(),
    done: vi.fn(),
  });

  it('does nothing for ten seconds, and nothing at all when taken back', async () => {
    const one = step();
    undo.later(one);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(one.run).not.toHaveBeenCalled();
    undo.undo();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(one.run).not.toHaveBeenCalled();
    expect(one.restore).toHaveBeenCalledOnce();
    expect(undo.pending.value).toBeUndefined();
  });

  it('does it when the time is over, when the next comes, and when the page is left', async () => {
    const [first, second, third] = [step(), step(), step()];
    undo.later(first);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([first.run.mock.calls, first.done.mock.calls.length]).toEqual([[[false]], 1]);
    undo.later(second);
    undo.later(third);
    expect(second.run).toHaveBeenCalledWith(false);
    for (const act of leave) act();
    expect(third.run).toHaveBeenCalledWith(true);
  });

  it('shows again what could not be removed, and says why', async () => {
    const problem = { code: 'config_read_only', title: 'no' };
    const one = step({ kind: 'problem', problem, status: 500 });
    undo.later(one);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(one.restore).toHaveBeenCalledOnce();
    expect(undo.failed.value).toEqual(problem);
  });
});
