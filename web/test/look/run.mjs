/**
 * Takes a screenshot of every page and part, dark and light, phone and desktop, and lets axe-core
 * look for what keeps people out. Run it where nothing leaves the machine:
 *   ../tools/lab npm run look [-- NAME ...]
 * The pictures are in test/out/look; somebody has to look at them.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { serve, world } from '../harness/serve.mjs';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here('../out/look/');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/**
 * @typedef {object} Shot
 * @property {string} name
 * @property {string} path
 * @property {Partial<import('../harness/serve.mjs').World>} [world]
 * @property {(page: import('playwright-core').Page) => Promise<unknown>} [act]
 * @property {string} [language]
 * @property {boolean} [whole] The whole page, not what fits.
 * @property {boolean} [all] In all four of size and theme, not two.
 */

const live = (/** @type {import('playwright-core').Page} */ page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll('lenswire-player')].some(({ state }) => state === 'live'),
  );
const numbers = (/** @type {import('playwright-core').Page} */ page) =>
  page.waitForFunction(
    () => document.querySelector('lenswire-player')?.stats.delayFrom === 'stamp',
  );
const problem = (/** @type {import('playwright-core').Page} */ page) =>
  page.waitForFunction(() => document.querySelector('lenswire-player')?.problem !== undefined);
const anonymous = { role: /** @type {const} */ ('anonymous') };

/** @type {Shot[]} */
const SHOTS = [
  { name: 'streams', path: '/', whole: true, all: true },
  { name: 'streams-one', path: '/', world: { wall: 'one', ...anonymous } },
  { name: 'streams-live', path: '/', act: connectSome },
  { name: 'streams-empty', path: '/', world: { wall: 'empty', claimed: false, ...anonymous } },
  { name: 'streams-empty-anonymous', path: '/', world: { wall: 'empty', ...anonymous } },
  { name: 'streams-loading', path: '/', world: { wall: 'slow' } },
  { name: 'streams-refused', path: '/', world: { wall: 'refused', ...anonymous } },
  { name: 'streams-silent', path: '/', act: fallSilent },
  { name: 'stream', path: '/demo', act: numbers, whole: true, all: true },
  {
    name: 'stream-overlay',
    path: '/demo',
    act: async (page) => {
      await numbers(page);
      await page.locator('lenswire-player').press('i');
      await page.mouse.move(600, 400);
    },
  },
  { name: 'stream-wrong-password', path: '/door', act: problem, all: true },
  { name: 'stream-asking', path: '/barn' },
  { name: 'stream-no-way', path: '/lobby', act: problem },
  { name: 'stream-codec', path: '/hevc', act: problem, whole: true },
  { name: 'stream-warning', path: '/yard', act: numbers, whole: true },
  { name: 'stream-private', path: '/gate', world: anonymous, act: problem },
  { name: 'stream-missing', path: '/nowhere' },
  { name: 'embed', path: '/demo?embed', act: live },
  { name: 'claim', path: '/claim#secret', world: anonymous, all: true },
  {
    name: 'claim-used',
    path: '/claim#used',
    world: anonymous,
    act: (page) => page.click('.form .button'),
  },
  { name: 'claim-done', path: '/claim#secret', world: anonymous, act: claim },
  { name: 'claim-missing', path: '/claim', world: anonymous },
  { name: 'login', path: '/login', world: anonymous, all: true },
  { name: 'login-wrong', path: '/login', world: anonymous, act: wrongToken },
  { name: 'add', path: '/add', all: true },
  {
    name: 'add-found',
    path: '/add',
    act: probe('rtsp://u:p@192.168.1.20/stream1'),
    whole: true,
    all: true,
  },
  { name: 'add-warned', path: '/add', act: probe('rtsp://warn.lan/stream1'), whole: true },
  { name: 'add-wrong', path: '/add', act: probe('rtsp://wrong.lan/stream1'), whole: true },
  { name: 'add-running', path: '/add', act: probe('rtsp://slow.lan/stream1', false) },
  {
    name: 'add-ko',
    path: '/add',
    language: 'ko',
    act: probe('rtsp://u:p@192.168.1.20/stream1'),
    whole: true,
  },
  {
    name: 'add-fr',
    path: '/add',
    language: 'fr',
    act: probe('rtsp://u:p@192.168.1.20/stream1'),
    whole: true,
  },
  { name: 'edit', path: '/gate?edit', whole: true, all: true },
  { name: 'access', path: '/access', whole: true, all: true },
  { name: 'access-made', path: '/access', act: makeToken, whole: true },
  { name: 'access-fr', path: '/access', language: 'fr', whole: true },
  { name: 'settings', path: '/settings', whole: true, all: true },
  { name: 'settings-review', path: '/settings', act: review, whole: true },
  { name: 'settings-ko', path: '/settings', language: 'ko', whole: true },
  { name: 'log', path: '/log', all: true },
  { name: 'removed', path: '/gate?edit', act: (page) => page.click('.danger') },
  { name: 'owned', path: '/settings', world: anonymous },
  { name: 'missing', path: '/No/Page' },
  { name: 'parts', path: '/look.html', whole: true, all: true },
  { name: 'streams-ko', path: '/', language: 'ko', whole: true },
  { name: 'stream-ko', path: '/door', language: 'ko', act: problem, whole: true },
  { name: 'streams-fr', path: '/', language: 'fr', whole: true },
  { name: 'stream-fr', path: '/demo', language: 'fr', act: numbers, whole: true },
  { name: 'claim-fr', path: '/claim#secret', language: 'fr', world: anonymous },
];

/** @param {string} source */
function probe(source, done = true) {
  return async (/** @type {import('playwright-core').Page} */ page) => {
    await page.fill('[name=source]', source);
    await page.keyboard.press('Enter');
    await page.waitForSelector(done ? '[name=name], .problem' : '.running');
  };
}

/** @param {import('playwright-core').Page} page */
async function makeToken(page) {
  await page.click('.form .primary');
  await page.click('.copy-field [aria-expanded]');
  await page.waitForSelector('.qr path[d^=M]');
}

/** @param {import('playwright-core').Page} page */
async function review(page) {
  await page.fill('[name="media.port"]', '9000');
  await page.click('.bar .primary');
  await page.waitForSelector('.diff');
}

/** @param {import('playwright-core').Page} page */
async function connectSome(page) {
  for (const name of ['demo', 'gate', 'door', 'hevc']) {
    await page.click(`[data-stream="${name}"] .button`);
  }
  await page.evaluate(() => scrollTo(0, 0));
  await live(page);
  await page.waitForTimeout(1_500);
}

/** @param {import('playwright-core').Page} page */
async function fallSilent(page) {
  await page.waitForSelector('.tile');
  world.silent = true;
  await page.waitForSelector('.problem');
}

/** @param {import('playwright-core').Page} page */
async function claim(page) {
  await page.check('[name=show]');
  await page.click('.form .button');
  await page.waitForSelector('.copy-field');
}

/** @param {import('playwright-core').Page} page */
async function wrongToken(page) {
  await page.fill('[name=token]', 'nonsense');
  await page.click('.form .button');
  await page.waitForSelector('.error');
}

async function buildSite() {
  const outDir = here('../out/site/');
  rmSync(outDir, { recursive: true, force: true });
  await build({
    root: here('../../'),
    configFile: here('../../vite.config.ts'),
    logLevel: 'warn',
    build: {
      outDir,
      rolldownOptions: { input: ['index.html', 'look.html'].map((one) => here(`../../${one}`)) },
    },
  });
}

/** @param {import('playwright-core').Page} page */
async function accessible(page) {
  // By the debugger, not as a script of the page: the policy allows none.
  const source = (await import('node:fs')).readFileSync(AXE, 'utf8');
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', {
    expression:
      "axe.run().then(({violations}) => violations.map(({id, nodes}) => id + ': ' + nodes.map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')))",
    awaitPromise: true,
    returnByValue: true,
  });
  return /** @type {string[]} */ (result.value ?? []);
}

const wanted = process.argv.slice(2);
mkdirSync(OUT, { recursive: true });
await buildSite();
const { origin, close } = await serve();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
let failures = 0;
const complain = (/** @type {string} */ text) => {
  failures += 1;
  console.error(text);
};

/** @param {Shot} shot @param {'phone' | 'desktop'} size @param {'dark' | 'light'} theme */
async function take(shot, size, theme) {
  Object.assign(
    world,
    { role: 'administrator', claimed: true, wall: 'full', silent: false },
    shot.world,
  );
  const page = await browser.newPage({
    viewport: SIZES[size],
    colorScheme: theme,
    locale: shot.language ?? 'en',
    deviceScaleFactor: 1,
    hasTouch: size === 'phone',
  });
  const label = `${shot.name}-${size}-${theme}`;
  page.on('pageerror', (error) => complain(`${label}: ${error.message}`));
  page.on('console', (message) => {
    const expected = /Failed to load resource|WebSocket connection/.test(message.text());
    if (message.type() === 'error' && !expected) complain(`${label}: ${message.text()}`);
  });
  await page.addInitScript({ path: here('fake-peer.js') });
  await page.goto(origin + shot.path);
  try {
    await page.waitForSelector('#app > *');
    await page.waitForTimeout(200);
    await shot.act?.(page);
    await page.waitForTimeout(600);
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scroll > SIZES[size].width) complain(`${label}: scrolls sideways (${scroll} px)`);
    for (const violation of await accessible(page))
      complain(`${label}: axe: ${violation.slice(0, 300)}`);
  } catch (error) {
    complain(`${label}: ${error}`);
  }
  await page.screenshot({ path: `${OUT}${label}.png`, fullPage: shot.whole ?? false });
  await page.close();
}

for (const shot of SHOTS) {
  if (wanted.length > 0 && !wanted.includes(shot.name)) continue;
  await take(shot, 'desktop', 'dark');
  await take(shot, 'phone', 'light');
  if (!shot.all) continue;
  await take(shot, 'desktop', 'light');
  await take(shot, 'phone', 'dark');
}
await browser.close();
await close();
console.log(`${failures} complaints; pictures in test/out/look`);
process.exit(failures > 0 ? 1 : 0);
