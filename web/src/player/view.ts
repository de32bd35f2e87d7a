/**
 * What the player looks like: builds its shadow tree once and shows a model in it. Decides nothing.
 */
import { quoted, span, type Words } from '../format.ts';
import type { IconName } from '../look/icons.ts';
import { h, icon, say } from './dom.ts';
import type { Phase, State } from './machine.ts';
import { rows } from './numbers.ts';
import css from './player.css?inline';
import type { Problem } from './protocol.ts';
import type { Stats } from './stats.ts';

/** What a person may do here. */
export interface Actions {
  toggle(): void;
  sound(): void;
  numbers(): void;
  fullscreen(): void;
  retry(): void;
  copy(): Promise<void>;
  tap(): void;
}

export interface Model {
  readonly name: string;
  readonly state: State;
  readonly problem: Problem | undefined;
  /** It plays, but its viewer should know. */
  readonly warning: Problem | undefined;
  readonly stats: Stats;
  readonly now: number;
  readonly words: Words;
  readonly language: string;
  readonly controls: boolean;
  readonly overlay: boolean;
  /** Sound is on, off, or was never asked for. */
  readonly sound: 'on' | 'off' | 'none';
  readonly fullscreen: boolean;
  /** Nothing moves until somebody taps. */
  readonly tap: boolean;
  /** Where to sign in, when that is what is missing. */
  readonly signIn: string | undefined;
  readonly retryable: boolean;
}

const STEPS: readonly Phase[] = ['asking', 'connecting', 'first_frame'];

let sheet: CSSStyleSheet | undefined;

/** Constructed, not a style element: a strict Content-Security-Policy has nothing to object to. */
function styles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

export class View {
  readonly video = h('video', { part: 'video', playsinline: true, disableremoteplayback: true });
  readonly #still = h('canvas', { part: 'still', 'aria-hidden': 'true', hidden: true });
  readonly #word = h('span');
  readonly #since = h('time');
  readonly #state = h('div', { class: 'state', part: 'state', role: 'status' });
  readonly #steps = h('ol', { class: 'steps', part: 'steps' });
  readonly #stepItems = STEPS.map(() => h('li', {}, icon('check'), h('span')));
  readonly #title = h('h2', { part: 'problem-title' });
  readonly #detail = h('p', { class: 'detail', part: 'problem-detail' });
  readonly #fix = h('p', { part: 'problem-fix' });
  readonly #retry = h('button', { type: 'button', class: 'primary', part: 'button primary' });
  readonly #signIn = h('a', { class: 'link primary', part: 'button primary' });
  readonly #copy = h('button', { type: 'button', part: 'button' });
  readonly #problem = h('div', { class: 'problem', part: 'problem', role: 'alert' });
  readonly #tapWord = h('span');
  readonly #tap = h('button', { type: 'button', class: 'tap', part: 'tap' });
  readonly #overlay = h('dl', { class: 'overlay', part: 'overlay' });
  readonly #bar = h('div', { class: 'bar', part: 'controls' });
  readonly #buttons: Record<'play' | 'sound' | 'stats' | 'full', HTMLButtonElement>;
  readonly #frame = h('div', { class: 'frame', part: 'frame' });
  #copied = false;

  constructor(root: ShadowRoot, actions: Actions) {
    root.adoptedStyleSheets = [styles()];
    this.video.muted = true;
    this.#buttons = {
      play: button(actions.toggle),
      sound: button(actions.sound),
      stats: button(actions.numbers),
      full: button(actions.fullscreen),
    };
    this.#state.append(h('i', { class: 'dot' }), this.#word, this.#since);
    this.#steps.append(...this.#stepItems);
    this.#tap.append(this.#tapWord);
    this.#retry.onclick = actions.retry;
    this.#tap.onclick = actions.tap;
    this.#copy.onclick = () => void actions.copy().then(() => this.#showCopied());
    this.#problem.append(
      h(
        'div',
        {},
        this.#title,
        this.#detail,
        this.#fix,
        h('div', { class: 'actions' }, this.#retry, this.#signIn, this.#copy),
      ),
    );
    const { play, sound, stats, full } = this.#buttons;
    this.#bar.append(play, sound, h('span', { class: 'space' }), stats, full);
    this.#frame.append(
      this.#still,
      this.video,
      this.#steps,
      this.#problem,
      this.#tap,
      this.#bar,
      this.#state,
      this.#overlay,
    );
    root.append(this.#frame);
  }

  /** Keeps the last picture, to be shown dimmed until the next one. */
  keepStill(from: CanvasImageSource, width: number, height: number): void {
    if (width === 0 || height === 0) return;
    this.#still.width = width;
    this.#still.height = height;
    this.#still.getContext('2d')?.drawImage(from, 0, 0, width, height);
    this.#still.hidden = false;
  }

  /** Controls lie over the picture only while somebody is there. */
  set quiet(quiet: boolean) {
    this.#frame.classList.toggle('quiet', quiet);
  }

  show(model: Model): void {
    const { phase } = model.state;
    const moving = phase === 'live' || phase === 'catching_up';
    const { classList } = this.#frame;
    const quiet = classList.contains('quiet') && moving;
    this.#frame.className = `frame ${phase}`;
    classList.toggle('quiet', quiet);
    classList.toggle('moving', moving);
    classList.toggle('seen', this.video.srcObject !== null && this.video.videoWidth > 0);
    this.#showState(model);
    this.#showSteps(model);
    this.#showProblem(model);
    this.#tap.hidden = !model.tap;
    if (model.tap && this.#tapWord.childElementCount === 0)
      this.#tapWord.append(icon('play'), h('b'));
    say(this.#tapWord.lastElementChild ?? this.#tapWord, model.words('player-tap'));
    // A problem brings its own buttons.
    this.#bar.hidden = !model.controls || model.problem !== undefined;
    this.#showControls(model);
    this.showNumbers(model);
  }

  #showState({ state, now, words, warning }: Model): void {
    this.#state.hidden = state.phase === 'idle' && state.problem === undefined;
    const { retryAt } = state;
    say(this.#word, warning?.title ?? words(`state-${state.phase}`));
    this.#state.classList.toggle('warned', warning !== undefined);
    this.#state.title = warning ? [warning.detail, warning.fix].filter(Boolean).join(' ') : '';
    const since = span(now - state.since, words);
    say(
      this.#since,
      retryAt === undefined
        ? since
        : words('state-retrying', { time: span(Math.max(0, retryAt - now) + 999, words) }),
    );
  }

  #showSteps({ state, problem, words, tap }: Model): void {
    const at = STEPS.indexOf(state.phase);
    this.#steps.hidden = at < 0 || problem !== undefined || tap;
    if (this.#steps.hidden) return;
    STEPS.forEach((step, index) => {
      const item = this.#stepItems[index];
      if (!item?.lastElementChild) return;
      say(item.lastElementChild, words(`step-${step}`));
      item.className = index < at ? 'done' : index === at ? 'now' : '';
    });
  }

  #showProblem({ problem, words, retryable, signIn }: Model): void {
    this.#problem.hidden = problem === undefined;
    if (!problem) {
      this.#copied = false;
      return;
    }
    say(this.#title, problem.title);
    say(this.#detail, quoted(problem.detail ?? ''));
    this.#detail.hidden = !problem.detail;
    say(this.#fix, quoted(problem.fix ?? ''));
    this.#fix.hidden = !problem.fix;
    say(this.#retry, words('player-retry'));
    this.#retry.hidden = !retryable || signIn !== undefined;
    say(this.#signIn, words('player-sign-in'));
    this.#signIn.hidden = signIn === undefined;
    if (signIn !== undefined) this.#signIn.href = signIn;
    say(this.#copy, words(this.#copied ? 'player-copied' : 'player-copy'));
  }

  #showCopied(): void {
    this.#copied = true;
    this.#copy.textContent = '';
    this.#copy.append(icon('check'));
  }

  #showControls({ state, sound, overlay, fullscreen, words }: Model): void {
    const { play, sound: speaker, stats, full } = this.#buttons;
    const playing = state.phase !== 'idle';
    face(play, playing ? 'stop' : 'play', words(playing ? 'player-stop' : 'player-play'));
    speaker.hidden = sound === 'none';
    face(
      speaker,
      sound === 'on' ? 'sound' : 'muted',
      words(sound === 'on' ? 'player-mute' : 'player-unmute'),
    );
    face(stats, 'stats', words('player-stats'));
    stats.setAttribute('aria-pressed', String(overlay));
    face(
      full,
      fullscreen ? 'window' : 'full',
      words(fullscreen ? 'player-window' : 'player-fullscreen'),
    );
  }

  /** The overlay alone: it changes every second, the rest does not. */
  showNumbers({ overlay, problem, stats, words, language, state }: Model): void {
    this.#overlay.hidden = !overlay || problem !== undefined || state.phase === 'idle';
    if (this.#overlay.hidden) return;
    const cells = rows(stats, words, language).flatMap((row, index) => {
      const kind = `${index === 0 ? 'first ' : ''}${row.minor ? 'minor' : ''}`;
      const pair: HTMLElement[] = [
        h('dt', { class: kind }, row.label),
        h('dd', { class: kind, 'data-stat': row.key }, row.value),
      ];
      return row.note ? [...pair, h('dd', { class: 'sub minor' }, row.note)] : pair;
    });
    this.#overlay.replaceChildren(...cells);
  }
}

function button(action: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button', part: 'button' });
  element.onclick = action;
  return element;
}

function face(element: HTMLButtonElement, name: IconName, label: string): void {
  if (element.ariaLabel === label && element.dataset.icon === name) return;
  element.ariaLabel = label;
  element.title = label;
  element.dataset.icon = name;
  element.replaceChildren(icon(name));
}
