/** Every part in every state, on one page: `look.html`. */
import '../../src/look/tokens.css';
import '../../src/look/base.css';
import '../../src/look/parts.css';
import '../../src/look/pages.css';
import './parts.css';
import { type ComponentChildren, render } from 'preact';
import type { LogLine, ProbeResult, Stream, StreamStateName } from '../../src/api/types.ts';
import { Tracks } from '../../src/app/camera/tracks.tsx';
import { CopyField } from '../../src/app/parts/copy.tsx';
import { Check, Choice, Field, Segments } from '../../src/app/parts/field.tsx';
import { Header, LanguageSwitch, ThemeSwitch } from '../../src/app/parts/header.tsx';
import { Icon, Mark } from '../../src/app/parts/icon.tsx';
import { LogView } from '../../src/app/parts/log.tsx';
import { Panel } from '../../src/app/parts/panel.tsx';
import { ProblemCard } from '../../src/app/parts/problem.tsx';
import { Qr } from '../../src/app/parts/qr.tsx';
import { State } from '../../src/app/parts/state.tsx';
import { Steps } from '../../src/app/parts/steps.tsx';
import { Review } from '../../src/app/settings/review.tsx';
import { Now, Sends } from '../../src/app/stream/facts.tsx';
import { Tile } from '../../src/app/wall/tile.tsx';
import { ICONS, type IconName } from '../../src/look/icons.ts';
import { type Phase, start } from '../../src/player/machine.ts';
import type { Stats } from '../../src/player/stats.ts';
import { type Model, View } from '../../src/player/view.ts';
import { speakAsAsked } from '../../src/strings/console.ts';
import { wordsFor } from '../../src/strings/player.ts';
import { DIFF, log, probed } from '../harness/more.mjs';
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
const found = probed('rtsp://camera') as unknown as ProbeResult;
const refused = probed('rtsp://wrong') as unknown as ProbeResult;

/** What came with adding, sharing and setting up. */
function Later() {
  return (
    <>
      <Part name="steps, tracks">
        <div class="faces">
          <Steps steps={found.steps} isRunning={false} />
          <Steps steps={found.steps.slice(0, 3)} isRunning />
          <Steps steps={refused.steps} isRunning={false} />
          <Tracks tracks={found.tracks} />
        </div>
      </Part>
      <Part name="choice, check, segments, QR">
        <div class="faces">
          <Choice
            label="Who may watch"
            name="c"
            value="a"
            help="Everybody."
            options={[
              ['a', 'Anyone'],
              ['b', 'With a grant'],
            ]}
            onChange={nothing}
          />
          <Check name="d" help="Saves the network.">
            Run only while somebody watches
          </Check>
          <Segments
            legend="Span"
            value="a"
            options={[
              ['a', '10 min'],
              ['b', '24 h'],
            ]}
            onChange={nothing}
          />
          <Qr label="Page" value="http://localhost:8080/gate" />
        </div>
      </Part>
      <Part name="panel, log, diff">
        <div class="faces">
          <Panel title="Waiting" loaded={{ silent: false }}>
            {nothing}
          </Panel>
          <Panel title="Silent" loaded={{ silent: true }}>
            {nothing}
          </Panel>
          <Panel title="Refused" loaded={{ silent: false, problem: wrong }}>
            {nothing}
          </Panel>
          <LogView lines={log() as LogLine[]} />
          <LogView lines={[]} />
          <Review
            plan={{ diff: DIFF, restarts: ['media.port'], streams_restarted: [] }}
            onApply={nothing}
            onBack={nothing}
          />
        </div>
      </Part>
    </>
  );
}

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
        <Later />
      </main>
    </>
  );
}

const root = document.getElementById('app');
if (root) void speakAsAsked().then(() => render(<Parts />, root));
