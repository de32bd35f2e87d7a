import { describe, expect, it } from 'vitest';
import { cut, events } from './events.ts';

describe('server-sent events', () => {
  it('are cut at empty lines; what has not ended waits', () => {
    expect(cut('event: step\ndata: {"a":1}\n\n: beat\n\ndata: x\ndata: y\n\nevent: res')).toEqual([
      [
        { event: 'step', data: '{"a":1}' },
        { event: 'message', data: 'x\ny' },
      ],
      'event: res',
    ]);
    expect(cut('data:1\r\n\r\n')).toEqual([[{ event: 'message', data: '1' }], '']);
  });

  it('come out of a body in whatever pieces it came', async () => {
    const bytes = new TextEncoder().encode('event: step\ndata: é\n\nevent: result\ndata: 2\n\n');
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const found = [];
    for await (const one of events(body)) found.push(one);
    expect(found).toEqual([
      { event: 'step', data: 'é' },
      { event: 'result', data: '2' },
    ]);
  });
});
