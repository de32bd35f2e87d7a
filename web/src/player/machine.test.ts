import { describe, expect, it } from 'vitest';
import { type Event, type LocalCode, type State, start, step } from './machine.ts';
import type { HubState, Problem } from './protocol.ts';

/** Plays events on a clock of its own and remembers what was to be done. */
class World {
  state: State = start(0);
  effects: string[] = [];
  now = 0;

  at(now: number): this {
    this.now = now;
    return this;
  }

  hear(...events: (Event | Event['type'])[]): this {
    for (const one of events) {
      const event = (typeof one === 'string' ? { type: one } : one) as Event;
      const [next, effect] = step(this.state, event, this.now, 0.5);
      this.state = next;
      if (effect) this.effects.push(effect);
    }
    return this;
  }

  /** Lets the clock run in half seconds. */
  until(now: number): this {
    while (this.now < now) this.at(this.now + 500).hear('tick');
    return this;
  }
}

const ice = (state: RTCPeerConnectionState): Event => ({ type: 'ice', state });
const hub = (state: HubState, reason?: Problem): Event => ({
  type: 'hub',
  state,
  ...(reason && { reason }),
});
const problem = (code: string): Problem => ({ code, title: code });
const wrong = problem('camera_wrong_password');
const shown = (world: World): string | undefined => {
  const it: Problem | LocalCode | undefined = world.state.problem;
  return typeof it === 'string' ? it : it?.code;
};
const playing = () =>
  new World().hear('play', 'answered', ice('connecting'), ice('connected'), hub('live'), 'frame');

describe('joining', () => {
  it('names the step it is at', () => {
    const world = new World().hear('play');
    expect(world.state.phase).toBe('asking');
    expect(world.hear('answered').state.phase).toBe('connecting');
    expect(world.hear(ice('connected')).state.phase).toBe('first_frame');
    expect(world.hear(hub('catching_up'), 'frame').state.phase).toBe('catching_up');
    expect(world.hear(hub('live')).state.phase).toBe('live');
    expect(world.effects).toEqual(['ask']);
  });

  it('shows a picture as live even where the hub says nothing of it', () => {
    const world = new World().hear('play', 'answered', ice('connected'), 'frame');
    expect(world.state.phase).toBe('live');
  });

  it('waits with the source and says why', () => {
    const world = new World().hear('play', hub('waiting', wrong));
    expect(world.state.phase).toBe('waiting');
    expect(shown(world)).toBe('camera_wrong_password');
    world.at(9_000).hear('tick');
    expect(world.effects).toEqual(['ask']);
    world.hear(hub('live'));
    expect(world.state.phase).toBe('connecting');
    expect(world.state.problem).toBeUndefined();
  });

  it('says after 5 s that no way was found, and goes on trying', () => {
    const world = new World().hear('play', 'answered', ice('connecting')).until(4_500);
    expect(world.state.problem).toBeUndefined();
    world.until(5_000);
    expect(shown(world)).toBe('ice_failed');
    expect(world.state.phase).toBe('connecting');
    world.until(15_000);
    expect(world.state.phase).toBe('failed');
    expect(world.effects).toEqual(['ask', 'close']);
    world.until(16_000);
    expect(world.effects).toEqual(['ask', 'close', 'ask']);
  });

  it('says what the hub knows of the way, and does not put less in its place', () => {
    const world = new World().hear('play', 'answered', ice('connecting')).until(4_000);
    world.hear(hub('connecting', problem('media_unreachable')));
    expect(shown(world)).toBe('media_unreachable');
    expect(world.state.phase).toBe('connecting');
    world.until(15_000);
    expect(world.state.phase).toBe('failed');
    expect(shown(world)).toBe('media_unreachable');
  });

  it('takes the reason back when the way is found after all', () => {
    const world = new World().hear('play', 'answered').until(6_000).hear(ice('connected'));
    expect(world.state.problem).toBeUndefined();
    expect(world.state.phase).toBe('first_frame');
  });

  it('tells a decoder that fails from a picture that does not come', () => {
    const connected = () => new World().hear('play', 'answered', ice('connected'));
    expect(shown(connected().until(5_000))).toBe('no_picture');
    expect(shown(connected().hear('packets').until(5_000))).toBe('codec_not_decodable');
  });
});

describe('a source that stops', () => {
  it('keeps the session and offers nothing anew', () => {
    const world = playing()
      .at(20_000)
      .hear(hub('waiting', problem('camera_stalled')));
    expect(world.state.phase).toBe('waiting');
    world.until(60_000);
    expect(shown(world)).toBe('camera_stalled');
    expect(world.hear(hub('live'), 'frame').state.phase).toBe('live');
    expect(world.state.problem).toBeUndefined();
    expect(world.effects).toEqual(['ask']);
  });

  it('is not taken for playing by the last frames in the buffer', () => {
    const world = playing()
      .at(20_000)
      .hear(hub('waiting', problem('camera_closed')), 'frame');
    expect(world.state.phase).toBe('waiting');
    world.at(25_000).hear('frame');
    expect(world.state.phase).toBe('live');
    // And a repetition of what the pictures have disproved changes nothing.
    expect(world.hear(hub('waiting')).state.phase).toBe('live');
  });

  it('is noticed after 3 s even if the hub has not', () => {
    const world = playing().until(2_500);
    expect(world.state.phase).toBe('live');
    world.until(3_000);
    expect(world.state.phase).toBe('waiting');
    expect(shown(world)).toBe('no_picture');
    expect(world.hear('frame').state.phase).toBe('live');
  });
});

describe('a network that breaks', () => {
  it('gets a moment to heal, then ICE is restarted, then all begins anew', () => {
    const world = playing().hear(ice('disconnected'));
    world.at(1_000).hear('frame', 'tick');
    expect(world.effects).toEqual(['ask']);
    world.at(1_500).hear('tick');
    expect(world.effects).toEqual(['ask', 'restart']);
    world.until(5_000);
    expect(world.effects).toEqual(['ask', 'restart', 'restart']);
    world.until(10_000);
    expect(world.effects).toEqual(['ask', 'restart', 'restart', 'ask']);
  });

  it('forgets its restarts once connected again', () => {
    const world = playing().hear(ice('failed'), ice('connected'));
    expect(world.state.restarts).toBe(0);
    expect(world.effects).toEqual(['ask', 'restart']);
  });

  it('is restarted at once when the device changes networks', () => {
    expect(playing().hear('network').effects).toEqual(['ask', 'restart']);
    expect(new World().hear('network').effects).toEqual([]);
  });

  it('costs a playing picture nothing when only the socket is lost', () => {
    const world = playing().hear({ type: 'unreachable', code: 'hub_unreachable' });
    expect(world.state.phase).toBe('live');
    world.until(3_000);
    expect(shown(world)).toBe('hub_unreachable');
    expect(world.state.phase).toBe('failed');
    expect(world.hear('reachable', 'frame').state.phase).toBe('live');
    expect(world.state.lost).toBeUndefined();
    const early = new World().hear('play', { type: 'unreachable', code: 'socket_refused' });
    expect(shown(early)).toBe('socket_refused');
    expect(early.hear('answered').state.phase).toBe('connecting');
    expect(early.state.problem).toBeUndefined();
  });
});

describe('problems', () => {
  it('are final where only somebody else can help', () => {
    for (const code of ['unauthorized', 'forbidden', 'codec_not_offered', 'grant_expired']) {
      const world = new World().hear('play', { type: 'problem', problem: problem(code) });
      world.until(120_000);
      expect(world.state.phase).toBe('failed');
      expect(world.effects).toEqual(['ask', 'close']);
    }
  });

  it('are retried with growing waits, and by hand at once', () => {
    const world = new World().hear('play', { type: 'problem', problem: problem('overloaded') });
    expect(world.state.retryAt).toBe(500);
    world.until(500).hear({ type: 'problem', problem: problem('overloaded') });
    expect(world.state.retryAt).toBe(1_500);
    // What was shown stays, or a retry would flash.
    expect(world.hear('retry').state.phase).toBe('failed');
    expect(world.state.retryAt).toBeUndefined();
    expect(world.effects).toEqual(['ask', 'close', 'ask', 'close', 'ask']);
  });

  it('wait as long as the hub says', () => {
    const busy = { ...problem('too_many_sessions'), retryAfter: 20 };
    expect(new World().hear('play', { type: 'problem', problem: busy }).state.retryAt).toBe(20_000);
  });

  it('of the source are waited for, not failed at', () => {
    const late = { type: 'problem', problem: problem('stream_not_live') } as const;
    const world = new World().hear('play', late);
    expect(world.state.phase).toBe('waiting');
    world.until(1_000).hear('answered', ice('connected'), 'frame');
    expect(world.state.phase).toBe('live');
  });

  it('begin anew when the camera changed its codecs or the hub forgot us', () => {
    expect(playing().hear(hub('closed', problem('tracks_changed'))).effects).toEqual([
      'ask',
      'ask',
    ]);
    const gone = { type: 'problem', problem: problem('session_not_found') } as const;
    expect(playing().hear(gone).effects).toEqual(['ask', 'ask']);
  });

  it('count as first ones again after 10 s of picture', () => {
    const world = new World().hear('play', { type: 'problem', problem: problem('internal') });
    world.until(500).hear('answered', ice('connected'), hub('live'), 'frame');
    expect(world.state.tries).toBe(1);
    for (let now = 1_000; now <= 12_000; now += 1_000) world.until(now).hear('frame');
    expect(world.state.tries).toBe(0);
  });
});

describe('a person', () => {
  it('stops, and late news change nothing', () => {
    const world = playing().hear('stop', 'frame', hub('live'), ice('failed'), 'tick');
    expect(world.state.phase).toBe('idle');
    expect(world.effects).toEqual(['ask', 'close']);
    expect(world.hear('play').state.phase).toBe('asking');
  });

  it('hides the tab: let go, and back at once', () => {
    const world = playing().hear('hidden');
    expect(shown(world)).toBe('tab_hidden');
    world.hear('visible');
    expect(world.state.phase).toBe('asking');
    expect(world.state.problem).toBeUndefined();
    expect(world.effects).toEqual(['ask', 'close', 'ask']);
  });
});

describe('what the hub says beside its state', () => {
  const late = problem('viewer_delayed');
  const said = (more: { warning?: Problem; layer?: number }): Event => ({
    ...(hub('live') as Event & { type: 'hub' }),
    ...more,
  });

  it('is known while it is said, and of this session only', () => {
    const world = new World().hear('play', 'answered', ice('connected'), 'frame');
    world.hear(said({ warning: late, layer: 1 }));
    expect(world.state).toMatchObject({ phase: 'live', warning: late, layer: 1 });
    world.hear(said({ layer: 0 }));
    expect(world.state.warning).toBeUndefined();
    expect(world.state.layer).toBe(0);
    world.hear(said({ warning: late, layer: 1 }), 'retry');
    expect(world.state.warning).toBeUndefined();
    expect(world.state.layer).toBeUndefined();
  });
});
