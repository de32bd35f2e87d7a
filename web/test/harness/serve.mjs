/**
 * A mock of the hub for looking at pages: the API's answers and the socket's first words, no media.
 * `npm run mock` serves the pages from source, on http://localhost:5174, with what changes reloaded.
 * The whole-system tests run against the real hub.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { createServer as createVite } from 'vite';
import { more, probed } from './more.mjs';
import { accept } from './socket.mjs';
import { streams } from './streams.mjs';

/**
 * @typedef {object} World What the mock pretends.
 * @property {'administrator' | 'anonymous'} role
 * @property {boolean} claimed
 * @property {'full' | 'one' | 'empty' | 'slow' | 'refused'} wall
 * @property {boolean} silent Nothing answers but the pages.
 */

/** @type {World} */
export const world = { role: 'administrator', claimed: true, wall: 'full', silent: false };

const CSP =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'";

/** @param {string} code @param {string} title @param {string} [detail] @param {string} [fix] */
const trouble = (code, title, detail, fix) => ({ type: 'about:blank', code, title, detail, fix });

/** @param {string} path @param {any} body @returns {[number, unknown]} */
function answer(path, body) {
  const name = /^\/api\/v1\/streams\/([^/]+)$/.exec(path)?.[1];
  if (name) return one(decodeURIComponent(name));
  switch (path) {
    case '/api/v1/me':
      return [200, { role: world.role, claimed: world.claimed, version: '0.1.0' }];
    case '/api/v1/streams':
      return wall();
    case '/api/v1/claim':
      return claim(body);
    case '/api/v1/login':
      if (body.token !== 'right') return [401, trouble('unauthorized', 'Not signed in')];
      world.role = 'administrator';
      return [200, { role: 'administrator' }];
    case '/api/v1/logout':
      world.role = 'anonymous';
      return [204, undefined];
    default:
      return path.endsWith('/retry')
        ? [204, undefined]
        : [404, trouble('not_found', 'Nothing is here')];
  }
}

/** @param {string} name @returns {[number, unknown]} */
function one(name) {
  const found = streams().find((stream) => stream.name === name);
  if (!found) {
    const fix = 'Check the name; the streams page lists them all.';
    const detail = `No stream is called ${name}.`;
    return [404, trouble('stream_not_found', 'There is no such stream', detail, fix)];
  }
  if (world.role === 'anonymous' && found.viewers !== 'anyone')
    return [401, trouble('unauthorized', 'Not signed in')];
  return [200, found];
}

/** @returns {[number, unknown]} */
function wall() {
  const fix = "Sign in with the administrator's token, or open the claim link.";
  if (world.wall === 'refused')
    return [401, trouble('unauthorized', 'Not signed in', undefined, fix)];
  const seen = streams().filter(
    ({ viewers }) => world.role === 'administrator' || viewers === 'anyone',
  );
  return [
    200,
    { items: world.wall === 'empty' ? [] : world.wall === 'one' ? seen.slice(0, 1) : seen },
  ];
}

/** @param {any} body @returns {[number, unknown]} */
function claim(body) {
  if (body.secret === 'used') {
    const fix = 'Make another one on the machine: lenswire token claim.';
    return [410, trouble('claim_used', 'This claim link was used or has ended', undefined, fix)];
  }
  world.role = 'administrator';
  const token = 'lw1_7Jw3kQx9vTzR2mNbY5sLcFhPdGqA8eUo';
  return [200, { role: 'administrator', ...(body.show_token && { administrator_token: token }) }];
}

/** @param {import('./socket.mjs').Socket} socket @param {any} message */
function talk(socket, message) {
  const { type, id, stream } = message;
  if (type === 'hello') {
    socket.send({ type: 'hello', version: 1, ice_servers: [], resume_seconds: 60 });
  } else if (type === 'resume') {
    socket.send({ type: 'state', id, state: 'live' });
  } else if (type === 'restart') {
    socket.send({ type: 'answer', id, session: 's', sdp: 'v=0\r\na=fake:live' });
  } else if (type === 'watch') {
    watch(
      socket,
      id,
      streams().find(({ name }) => name === stream),
    );
  }
}

/** @param {import('./socket.mjs').Socket} socket @param {string} id @param {any} stream */
function watch(socket, id, stream) {
  const state = (/** @type {string} */ word, /** @type {object | undefined} */ reason) =>
    socket.send({ type: 'state', id, state: word, reason });
  const refuse = (/** @type {string} */ code, /** @type {object} */ words) =>
    socket.send({ type: 'problem', id, code, ...words });
  const cause = stream?.state.problem;
  if (!stream) return refuse('stream_not_found', { title: 'There is no such stream' });
  if (world.role === 'anonymous' && stream.viewers !== 'anyone')
    return refuse('unauthorized', NOT_SIGNED_IN);
  if (cause) return state('waiting', cause);
  if (stream.name === 'hevc') return refuse('codec_not_offered', NO_CODEC);
  if (stream.name === 'barn') return state('connecting', undefined);
  const fake = stream.name === 'lobby' ? 'stuck' : 'live';
  socket.send({ type: 'answer', id, session: 's', sdp: `v=0\r\na=fake:${fake}` });
  if (fake === 'live') setTimeout(() => state('live', undefined), 100);
}

const NOT_SIGNED_IN = {
  title: 'Not signed in',
  fix: "Sign in with the administrator's token, or open the claim link. `lenswire token claim` makes a new one.",
};
const NO_CODEC = {
  title: 'No codec in common',
  detail: 'The camera sends H.265. This browser offers VP8, VP9, H.264 and AV1.',
  fix: 'Use a browser that plays this codec, or set the camera to H.264.',
};

/** @typedef {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void} Pages */

const SITE = fileURLToPath(new URL('../out/site/', import.meta.url));
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

/** What was built, as the hub serves it: with its policy, and the shell for every page. @type {Pages} */
function built(request, response) {
  const path = new URL(request.url ?? '/', 'http://mock').pathname;
  const isFile = /^\/(assets\/)?[\w.-]+\.\w+$/.test(path) && existsSync(SITE + path);
  const file = isFile ? path : '/index.html';
  const type = TYPES[/** @type {keyof typeof TYPES} */ (file.split('.').at(-1))];
  response.writeHead(200, { 'content-type': type, 'content-security-policy': CSP });
  response.end(readFileSync(SITE + file));
}

/** From source, with what changes reloaded. */
async function fromSource() {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const vite = await createVite({
    root,
    appType: 'spa',
    server: { middlewareMode: true, proxy: {} },
  });
  return /** @type {Pages} */ (vite.middlewares);
}

/** @param {import('node:http').ServerResponse} response @param {string} source */
function serveProbe(response, source) {
  const result = probed(source);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const step of result.steps) response.write(`event: step\ndata: ${JSON.stringify(step)}\n\n`);
  if (source.includes('slow')) return;
  response.end(`event: result\ndata: ${JSON.stringify(result)}\n\n`);
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response @param {string} path */
async function serveApi(request, response, path) {
  if (world.silent) {
    response.destroy();
    return;
  }
  if (world.wall === 'slow' && path.endsWith('/streams')) return;
  let text = '';
  for await (const chunk of request) text += chunk;
  const asked = text && JSON.parse(text);
  if (path === '/api/v1/probe') return void serveProbe(response, asked.source);
  const url = new URL(request.url ?? '/', 'http://mock');
  const [status, body] = more(request.method ?? 'GET', url, asked) ?? answer(path, asked);
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/**
 * Serves the mock hub.
 * @param {{ pages?: Pages, port?: number }} options
 */
export async function serve({ pages = built, port = 0 } = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://mock').pathname;
    if (path.startsWith('/api/')) void serveApi(request, response, path);
    else if (path === '/healthz') world.silent ? response.destroy() : response.end('ok');
    else pages(request, response);
  });
  server.on('upgrade', (request, stream) => {
    if (request.url !== '/ws') return;
    if (world.silent) stream.destroy();
    else accept(request, stream, talk);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await serve({ pages: await fromSource(), port: 5174 });
  console.log(origin);
}
