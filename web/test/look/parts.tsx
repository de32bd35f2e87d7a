/** Every part in every state, on one page: `look.html`. */
import '../../src/look/tokens.css';
import '../../src/look/base.css';
import '../../src/look/parts.css';
import '../../src/look/pages.css';
import './parts.css';
import { type ComponentChildren, render } from 'preact';
import type { Stream, StreamStateName } from '../../src/api/types.ts';
import { CopyField } from '../../src/app/parts/copy.tsx';
import { Field } from '../../src/app/parts/field.tsx';
import { Header, LanguageSwitch, ThemeSwitch } from '../../src/app/parts/header.tsx';
import { Icon, Mark } from '../../src/app/parts/icon.tsx';
import { ProblemCard } from '../../src/app/parts/problem.tsx';
import { State } from '../../src/app/parts/state.tsx';
import { Now, Sends } from '../../src/app/stream/facts.tsx';
import { Tile } from '../../src/app/wall/tile.tsx';
import { ICONS, type IconName } from '../../src/look/icons.ts';
import { type Phase, start } from '../../src/player/machine.ts';
import type { Stats } from '../../src/player/stats.ts';
import { type Model, View } from '../../src/player/view.ts';
import { speakAsAsked } from '../../src/strings/console.ts';
import { wordsFor } from '../../src/strings/player.ts';
import { streams, WRONG_PASSWORD } from '../harness/streams.mjs';

const STATS: Stats = {
  width: 1280,
  height: 720,
  codec: 'H264',
  framesPerSecond: 29.6,
  bitrate: 2_130_000,
  loss: 0.0021,
  jitter: 3.2,
  rtt: 1.6,
  jitterBuffer: 22,
  freezes: 2,
  freezeTime: 840,
  delay: 84.3,
  delayFrom: 'stamp',
  pair: { protocol: 'udp', local: 'prflx', remote: 'host' },
};

const nothing = () => undefined;
const ACTIONS = {
  toggle: nothing,
  sound: nothing,
  numbers: nothing,
  fullscreen: nothing,
  retry: nothing,
  copy: () => Promise.resolve(),
  tap: nothing,
};

function Face({
  phase,
  more = {},
  small,
}: {
  phase: Phase;
  more?: Partial<Model>;
  small?: boolean;
}) {
  const draw = (element: HTMLElement | null) => {
    if (!element || element.shadowRoot) return;
    const view = new View(element.attachShadow({ mode: 'open' }), ACTIONS);
    const language = document.documentElement.lang;
    view.show({
      name: 'gate',
      state: { ...start(0), phase },
      problem: undefined,
      warning: undefined,
      stats: STATS,
      now: 4_000,
      words: wordsFor(language),
      language,
      controls: !small,
      overlay: false,
      sound: 'off',
      fullscreen: false,
      tap: false,
      signIn: undefined,
      retryable: true,
      ...more,
    });
  };
  return <div ref={draw} class={`face ${small ? 'small' : ''}`} />;
}

function Part({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h2>{name}</h2>
      {children}
    </section>
  );
}

const STATES: StreamStateName[] = ['idle', 'connecting', 'live', 'stalled', 'retrying', 'parked'];
const all = streams() as unknown as Stream[];
const [demo] = all;
const wrong = { ...WRONG_PASSWORD };

function Parts() {
  if (!demo) return null;
  return (
    <>
      <Header />
      <main>
        <h1>Parts</h1>
        <Part name="mark, icons">
          <p class="row">
            <Mark />
            {(Object.keys(ICONS) as IconName[]).map((name) => (
              <Icon key={name} name={name} />
            ))}
          </p>
        </Part>
        <Part name="state">
          <p class="row">
            {STATES.map((name) => {
              const state = { ...demo.state, name };
              return <State key={name} stream={{ state, warnings: [] }} />;
            })}
            <State stream={{ state: demo.state, warnings: [wrong] }} />
          </p>
        </Part>
        <Part name="player">
          <div class="faces">
            <Face phase="idle" more={{ tap: true }} />
            <Face phase="asking" />
            <Face phase="connecting" />
            <Face phase="first_frame" />
            <Face phase="catching_up" more={{ overlay: true }} />
            <Face phase="live" more={{ overlay: true, sound: 'on' }} />
            <Face phase="waiting" more={{ problem: wrong }} />
            <Face
              phase="failed"
              more={{ problem: wrong, state: { ...start(0), phase: 'failed', retryAt: 8_000 } }}
            />
            <Face
              phase="failed"
              more={{
                problem: { code: 'unauthorized', title: 'Not signed in' },
                signIn: '/login',
                retryable: false,
              }}
            />
            <Face phase="failed" small more={{ problem: wrong }} />
            <Face phase="live" small more={{ overlay: true }} />
            <Face phase="connecting" small />
          </div>
        </Part>
        <Part name="tile">
          <div class="wall columns-auto">
            {all.map((stream) => (
              <Tile key={stream.name} stream={stream} primary={false} />
            ))}
          </div>
        </Part>
        <Part name="problem">
          <ProblemCard problem={wrong}>
            <button type="button" class="button primary">
              Retry
            </button>
          </ProblemCard>
        </Part>
        <Part name="facts, table">
          <div class="faces">
            <Now stream={demo} stats={STATS} />
            <Now stream={undefined} stats={{}} />
            <Sends stream={demo} />
          </div>
        </Part>
        <Part name="copy, field, buttons, switches">
          <div class="faces">
            <CopyField label="WHEP" value="http://localhost:8080/gate/whep" />
            <Field type="password" label="Token" name="a" />
            <Field type="password" label="Token" name="b" error="This token is not valid." />
            <p class="row">
              <button type="button" class="button primary">
                Connect
              </button>
              <button type="button" class="button">
                Connect
              </button>
              <button type="button" class="button bare">
                Connect
              </button>
              <button type="button" class="button primary" disabled>
                Connect
              </button>
            </p>
            <p class="row">
              <LanguageSwitch />
              <ThemeSwitch />
            </p>
          </div>
        </Part>
      </main>
    </>
  );
}

const root = document.getElementById('app');
if (root) void speakAsAsked().then(() => render(<Parts />, root));
