import { describe, expect, it } from 'vitest';
import { read, readProblem } from './protocol.ts';

const say = (message: object) => read(JSON.stringify(message));

describe('messages of the hub', () => {
  it('are read as they are written', () => {
    expect(
      say({ type: 'hello', version: 1, ice_servers: [{ urls: ['stun:a'] }], resume_seconds: 30 }),
    ).toEqual({ type: 'hello', iceServers: [{ urls: ['stun:a'] }], resumeSeconds: 30 });
    expect(say({ type: 'answer', id: '1', session: 's', sdp: 'v=0' })).toEqual({
      type: 'answer',
      id: '1',
      session: 's',
      sdp: 'v=0',
    });
    expect(say({ type: 'candidate', id: '1', candidate: 'candidate:1', sdpMLineIndex: 0 })).toEqual(
      {
        type: 'candidate',
        id: '1',
        candidate: { candidate: 'candidate:1', sdpMLineIndex: 0 },
      },
    );
    const reason = { code: 'camera_refused', title: 'The camera refused the connection' };
    expect(say({ type: 'state', id: '1', state: 'waiting', reason })).toEqual({
      type: 'state',
      id: '1',
      state: 'waiting',
      reason,
    });
    const warning = { code: 'viewer_delayed', title: 'The picture is late' };
    expect(say({ type: 'state', id: '1', state: 'live', warning, layer: 1 })).toEqual({
      type: 'state',
      id: '1',
      state: 'live',
      warning,
      layer: 1,
    });
  });

  it('may be about the socket, not a session', () => {
    expect(say({ type: 'problem', code: 'protocol_error', title: 'No' })).toEqual({
      type: 'problem',
      problem: { code: 'protocol_error', title: 'No' },
    });
    expect(say({ type: 'problem', id: '2', code: 'x', title: '', retry_after: 3 })).toEqual({
      type: 'problem',
      id: '2',
      problem: { code: 'x', title: 'x', retryAfter: 3 },
    });
  });

  it('that we do not understand are nothing, and break nothing', () => {
    for (const strange of [
      '',
      'null',
      '[]',
      '{',
      '"hello"',
      '{"type":"answer","id":"1"}',
      '{"type":"state","id":"1","state":"dancing"}',
      '{"type":"state","state":"live"}',
      '{"type":"config","id":"1"}',
      '{"type":"problem"}',
      '{"type":"answer","id":7,"session":"s","sdp":"v=0"}',
    ]) {
      expect(read(strange), strange).toBeUndefined();
    }
    expect(say({ type: 'hello', ice_servers: 'x' })).toMatchObject({ iceServers: [] });
  });
});

describe('a problem', () => {
  it('keeps only words and a code', () => {
    expect(readProblem({ code: 'a', title: 'A', detail: '', fix: 3 })).toEqual({
      code: 'a',
      title: 'A',
    });
    for (const none of [undefined, null, 'a', {}, { title: 'A' }]) {
      expect(readProblem(none)).toBeUndefined();
    }
  });
});
