/**
 * `<lenswire-player>`: attributes in, events out. Joins a playback (what happens) to a view (what
 * is seen) and listens to keys, focus and the page's visibility. docs/player.md is its manual.
 */
import { copyText } from '../clipboard.ts';
import { wordsFor } from '../strings/player.ts';
import { address } from './address.ts';
import { codeOf, isFinal, type Phase, type State, start } from './machine.ts';
import { receivable } from './peer.ts';
import { Playback } from './playback.ts';
import { diagnostics, explain } from './problem.ts';
import type { Problem } from './protocol.ts';
import type { Stats } from './stats.ts';
import { keep, still } from './stills.ts';
import { type Tile, watchTile } from './tile.ts';
import { type Model, View } from './view.ts';

/** Controls go after this long without a move; milliseconds. */
const QUIET = 3_000;
/** A hidden tab is let go after this long, unless it sounds; milliseconds. */
const HIDDEN = 30_000;
/** How often the clock in the state is looked at; milliseconds. */
const CLOCK = 1_000;
/** A page's grant lives 60 s; renewed well before; milliseconds. */
const RENEW = 40_000;
/** Jitter buffer to aim at, in ms, where the page does not say. */
const BUFFER = 0;

const SIGN_IN: ReadonlySet<string> = new Set(['unauthorized', 'grant_expired']);

export interface StateChange {
  readonly state: Phase;
  readonly since: Date;
  readonly retryAt: Date | undefined;
}

export class LenswirePlayer extends HTMLElement {
  static readonly observedAttributes = [
    ...['src', 'stream', 'token', 'muted'],
    ...['controls', 'overlay', 'buffer', 'lang'],
  ];

  /** A page may put the hub's problems into its reader's language here. */
  static words: (problem: Problem) => Problem = (problem) => problem;

  /** Where a page has grants to renew: asked before the present one ends. */
  renew: (() => Promise<string>) | undefined;

  readonly #view: View;
  #playback: Playback | undefined;
  #stats: Stats = {};
  #tile: Tile | undefined;
  #warned: string | undefined;
  #refused = false;
  #awake: ReturnType<typeof setTimeout> | undefined;
  #away: ReturnType<typeof setTimeout> | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #ended: AbortController | undefined;

  constructor() {
    super();
    this.#view = new View(this.attachShadow({ mode: 'open', delegatesFocus: false }), {
      toggle: () => (this.state === 'idle' ? this.play() : this.stop()),
      sound: () => this.#toggleSound(),
      numbers: () => this.toggleAttribute('overlay'),
      fullscreen: () => void this.#toggleFullscreen(),
      retry: () => {
        this.#fire('retry', undefined);
        this.retry();
      },
      copy: () => copyText(this.diagnostics),
      tap: () => this.#tapped(),
    });
  }

  /** The phase the player is in. */
  get state(): Phase {
    return this.#state.phase;
  }

  /** Why nothing plays, in words. */
  get problem(): Problem | undefined {
    const { problem } = this.#state;
    if (problem !== undefined) return LenswirePlayer.words(this.#explain(problem));
    return this.#refused ? this.#explain('autoplay_refused') : undefined;
  }

  /** What its viewer should know though it plays, in words. */
  get warning(): Problem | undefined {
    const { phase, warning } = this.#state;
    const moves = phase === 'live' || phase === 'catching_up';
    return moves && warning ? LenswirePlayer.words(warning) : undefined;
  }

  /** The last second's numbers. */
  get stats(): Stats {
    return this.#stats;
  }

  /** The video element inside, for screenshots and picture-in-picture. */
  get video(): HTMLVideoElement {
    return this.#view.video;
  }

  /** All that a report about a black picture needs, as JSON. */
  get diagnostics(): string {
    const { origin, stream } = this.#target ?? { origin: '', stream: '' };
    const circumstances = { host: hostOf(origin), stats: this.#stats, known: receivable() };
    return diagnostics(this.#state, this.problem, circumstances, stream, new Date());
  }

  play(): void {
    if (!this.#playback) this.#make();
    this.#playback?.play();
  }

  stop(): void {
    this.#playback?.dispatch({ type: 'stop' });
  }

  retry(): void {
    this.#playback?.dispatch({ type: 'retry' });
  }

  connectedCallback(): void {
    this.#ended = new AbortController();
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    if (!this.hasAttribute('role')) this.role = 'group';
    this.#listen(this.#ended.signal);
    watchTile(this, this.#ended.signal, (tile) => {
      this.#tile = tile;
      if (this.#playback) this.#playback.tile = tile;
    });
    this.#clock = setInterval(() => this.#render(), CLOCK);
    this.#renewal = setInterval(() => void this.#renewGrant(), RENEW);
    const target = this.#target;
    const picture = target && still(`${target.origin}/${target.stream}`);
    if (picture) this.#view.keepStill(picture, picture.width, picture.height);
    if (!this.hasAttribute('manual')) this.play();
    this.#render();
  }

  disconnectedCallback(): void {
    this.#ended?.abort();
    for (const timer of [this.#awake, this.#away]) clearTimeout(timer);
    for (const timer of [this.#clock, this.#renewal]) clearInterval(timer);
    this.#unmake();
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (before === value || !this.isConnected) return;
    if (name === 'token' && value !== null && this.#playback?.target.token !== undefined) {
      this.#playback.renew(value);
    } else if (['src', 'stream', 'token', 'muted', 'buffer'].includes(name)) {
      const playing = this.state !== 'idle';
      this.#unmake();
      if (playing || !this.hasAttribute('manual')) this.play();
    }
    this.#render();
  }

  get #state(): State {
    return this.#playback?.state ?? start(performance.now());
  }

  get #target() {
    return address(this.getAttribute('src') ?? '', this.getAttribute('stream'), document.baseURI);
  }

  #make(): void {
    const target = this.#target;
    if (!target) return;
    const buffer = Number(this.getAttribute('buffer') ?? BUFFER);
    this.#playback = new Playback(
      {
        ...target,
        token: this.getAttribute('token') ?? undefined,
        sound: !this.hasAttribute('muted'),
        buffer: Number.isFinite(buffer) ? Math.min(4_000, Math.max(0, buffer)) : BUFFER,
      },
      this.video,
      {
        state: (state) => this.#changed(state),
        stats: (stats) => this.#measured(stats),
        media: (media) => this.#attach(media),
      },
    );
    if (this.#tile) this.#playback.tile = this.#tile;
  }

  #unmake(): void {
    this.#playback?.dispatch({ type: 'stop' });
    this.#playback = undefined;
    this.#stats = {};
  }

  #changed(state: State): void {
    if (state.phase === 'idle') this.#stats = {};
    const offset = Date.now() - performance.now();
    const date = (time: number | undefined) =>
      time === undefined ? undefined : new Date(time + offset);
    this.#fire<StateChange>('statechange', {
      state: state.phase,
      since: new Date(state.since + offset),
      retryAt: date(state.retryAt),
    });
    const { problem, warning } = this;
    if (problem) this.#fire('problem', problem);
    if (warning?.code !== this.#warned) this.#fire('warning', warning);
    this.#warned = warning?.code;
    this.#render();
  }

  #measured(stats: Stats): void {
    this.#stats = stats;
    this.#fire('stats', stats);
    this.#view.showNumbers(this.#model());
  }

  #attach(media: MediaStream | null): void {
    const { video } = this;
    if (media === video.srcObject) return;
    const target = this.#playback?.target;
    if (video.srcObject && target) {
      const picture = keep(`${target.origin}/${target.stream}`, video);
      if (picture) this.#view.keepStill(picture, picture.width, picture.height);
    }
    video.srcObject = media;
    if (media) void this.#start();
  }

  async #start(): Promise<void> {
    try {
      await this.video.play();
      this.#refused = false;
    } catch (error) {
      // AbortError: another source was set meanwhile, which starts by itself.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      this.#refused = true;
      this.#fire('problem', this.#explain('autoplay_refused'));
    }
    this.#render();
  }

  #tapped(): void {
    if (this.#refused) void this.#start();
    else this.play();
  }

  #toggleSound(): void {
    this.video.muted = !this.video.muted;
    this.#render();
  }

  async #toggleFullscreen(): Promise<void> {
    if (document.fullscreenElement === this) return document.exitFullscreen();
    await this.requestFullscreen?.().catch(() => undefined);
  }

  async #renewGrant(): Promise<void> {
    if (!this.renew || this.state === 'idle') return;
    const token = await this.renew().catch(() => undefined);
    if (token !== undefined) this.setAttribute('token', token);
  }

  #listen(signal: AbortSignal): void {
    const on = { signal };
    this.addEventListener('keydown', (event) => this.#key(event), on);
    for (const name of ['pointermove', 'pointerdown', 'focusin'] as const) {
      this.addEventListener(name, () => this.#stir(), on);
    }
    document.addEventListener('visibilitychange', () => this.#seen(), on);
    document.addEventListener('fullscreenchange', () => this.#render(), on);
    window.addEventListener('online', () => this.#playback?.dispatch({ type: 'network' }), on);
    languageListeners.add(this.#render);
    signal.addEventListener('abort', () => languageListeners.delete(this.#render));
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const onButton = event.composedPath()[0] instanceof HTMLButtonElement;
    const keys: Record<string, () => void> = {
      i: () => this.toggleAttribute('overlay'),
      m: () => !this.hasAttribute('muted') && this.#toggleSound(),
      f: () => void this.#toggleFullscreen(),
      ...(!onButton && { ' ': () => (this.state === 'idle' ? this.play() : this.stop()) }),
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  #stir(): void {
    this.#view.quiet = false;
    clearTimeout(this.#awake);
    this.#awake = setTimeout(() => {
      this.#view.quiet = this.state === 'live' || this.state === 'catching_up';
    }, QUIET);
  }

  #seen(): void {
    clearTimeout(this.#away);
    if (!document.hidden) {
      this.#playback?.dispatch({ type: 'visible' });
      return;
    }
    this.#away = setTimeout(() => {
      const heard = !this.hasAttribute('muted') && !this.video.muted;
      const small = document.pictureInPictureElement === this;
      if (!heard && !small) this.#playback?.dispatch({ type: 'hidden' });
    }, HIDDEN);
  }

  #explain(problem: Parameters<typeof explain>[0]): Problem {
    const target = this.#target;
    return explain(problem, wordsFor(this.#language), {
      host: hostOf(target?.origin ?? ''),
      stats: this.#stats,
      known: receivable(),
    });
  }

  get #language(): string {
    const own = this.closest<HTMLElement>('[lang]')?.lang;
    return own || document.documentElement.lang || navigator.language;
  }

  readonly #render = (): void => {
    const model = this.#model();
    this.ariaLabel = model.words('player-label', { name: model.name });
    this.#view.show(model);
  };

  #model(): Model {
    const state = this.#state;
    const language = this.#language;
    const words = wordsFor(language);
    const target = this.#target;
    const { problem } = this;
    const code = state.problem === undefined ? '' : codeOf(state.problem);
    const local = target?.origin === location.origin;
    return {
      name: target?.stream ?? '',
      state,
      problem: this.#refused ? undefined : problem,
      warning: this.warning,
      stats: this.#stats,
      now: performance.now(),
      words,
      language,
      controls: this.hasAttribute('controls'),
      overlay: this.hasAttribute('overlay'),
      sound: this.hasAttribute('muted') ? 'none' : this.video.muted ? 'off' : 'on',
      fullscreen: document.fullscreenElement === this,
      tap: this.#refused || (state.phase === 'idle' && !state.problem),
      signIn:
        SIGN_IN.has(code) && local
          ? `/login?to=${encodeURIComponent(location.pathname)}`
          : undefined,
      retryable: state.problem !== undefined && !isFinal(state.problem),
    };
  }

  #fire<T>(name: string, detail: T): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

const hostOf = (origin: string): string => origin.replace(/^https?:\/\//, '');

/** Players follow a page whose language changes. */
const languageListeners = new Set<() => void>();
new MutationObserver(() => {
  for (const listener of languageListeners) listener();
}).observe(document.documentElement, { attributeFilter: ['lang'] });
