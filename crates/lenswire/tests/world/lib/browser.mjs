// Real browsers, driven by puppeteer: Chromium over CDP, Firefox over WebDriver BiDi.

import { mkdtempSync, rmSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

import * as inPage from './in-page.mjs';
import { folder } from './places.mjs';
import { until } from './until.mjs';

const CHROMIUM = [
  '--no-sandbox', // tests run as root in containers; the pages are ours
  '--disable-gpu', // screenshots of a playing video are pixel-correct without
  '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

const FIREFOX = {
  'media.autoplay.default': 0,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // No OpenH264 plug-in is ever fetched: Firefox as it is installed has no H.264 in WebRTC.
  'media.gmp-manager.url': '',
  'media.gmp-gmpopenh264.enabled': false,
};

/** One browser with an empty profile. */
export class Browser {
  /** `prepare` may put things into its empty home before it starts. */
  static chromium(args = [], prepare = undefined) {
    return Browser.#launch({
      browser: 'chrome',
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [...CHROMIUM, ...args],
    }, prepare);
  }

  static firefox() {
    return Browser.#launch({
      browser: 'firefox',
      executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
      extraPrefsFirefox: FIREFOX,
    });
  }

  static async #launch(options, prepare) {
    const browser = new Browser();
    browser.profile = mkdtempSync(`${folder('profiles')}/`);
    prepare?.(browser.profile);
    browser.inner = await puppeteer.launch({
      ...options,
      headless: true,
      userDataDir: browser.profile,
      // A profile of its own is not enough for Firefox: it also writes below HOME.
      env: { ...process.env, HOME: browser.profile, XDG_RUNTIME_DIR: browser.profile },
    });
    return browser;
  }

  get pid() {
    return this.inner.process().pid;
  }

  /**
   * Opens `url` in a new page. Options: `viewport` { width, height, isMobile, hasTouch, deviceScaleFactor },
   * `rtc` (merged into each RTCPeerConnection's configuration), `dark`.
   */
  async open(url, { viewport = { width: 1280, height: 800 }, rtc = {}, dark } = {}) {
    const page = new Page(await this.inner.newPage());
    await page.inner.setViewport(viewport);
    if (dark !== undefined) {
      await page.inner.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
    }
    await page.inner.evaluateOnNewDocument(inPage.recordPeerConnections, rtc);
    await page.inner.goto(url, { waitUntil: 'load' });
    return page;
  }

  async end() {
    await this.inner.close().catch(() => this.inner.process()?.kill('SIGKILL'));
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** One page: its video, its words, its peer connections. */
export class Page {
  constructor(inner) {
    this.inner = inner;
    this.console = [];
    inner.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    inner.on('pageerror', (error) => this.console.push(`pageerror: ${error.message}`));
  }

  run(work, ...args) {
    return this.inner.evaluate(work, ...args);
  }

  /** Everything the page says, shadow roots included. */
  words() {
    return this.run(inPage.words);
  }

  says(pattern, limit) {
    return until(`the page says ${pattern}`, async () => {
      const words = await this.words();
      const match = words.match(pattern);
      if (!match) throw new Error(words.replace(/\s+/g, ' ').slice(0, 600));
      return match;
    }, limit);
  }

  /** Presses the button or link with this name, wherever it is. */
  press(name, limit) {
    return until(`a button named ${name}`, () => this.run(inPage.press, name.source ?? name), limit);
  }

  /** { frames, dropped, width, height, time, paused } of the nth video, or null. */
  video(index = 0) {
    return this.run(inPage.video, index);
  }

  /** Waits until `count` more frames than now have been shown; answers the video. */
  async plays(count = 10, limit = 15_000, index = 0) {
    let from;
    return until(`${count} frames`, async () => {
      const video = await this.video(index);
      if (!video) throw new Error(`no video; the page says: ${(await this.words()).replace(/\s+/g, ' ').slice(0, 500)}`);
      from ??= video.frames;
      if (video.frames - from < count) throw new Error(JSON.stringify({ ...video, from }));
      return video;
    }, limit);
  }

  /** Sums over this page's peer connections: see in-page.mjs. */
  stats() {
    return this.run(inPage.stats);
  }

  async end() {
    await this.inner.close();
  }
}
