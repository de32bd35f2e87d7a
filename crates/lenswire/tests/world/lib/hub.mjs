// The binary under test: configuration and data of its own, logs kept, ended by its id.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { BINARY, folder } from './places.mjs';
import { Child } from './process.mjs';
import { until } from './until.mjs';

/** The hub's origin for pages; loopback, because that is what `lenswire serve` gives. */
export const ORIGIN = 'http://127.0.0.1:8080';
export const MEDIA_PORT = 8189;

export class Hub {
  /** @param {string} config  the YAML file's text */
  static async start(config = '') {
    const hub = new Hub();
    hub.data = mkdtempSync(`${folder('hubs')}/`);
    hub.file = `${hub.data}/lenswire.yaml`;
    writeFileSync(hub.file, config);
    await hub.run();
    return hub;
  }

  /** A hub as a stranger starts it: no configuration at all. */
  static async demo() {
    const hub = new Hub();
    hub.data = mkdtempSync(`${folder('hubs')}/`);
    await hub.run();
    return hub;
  }

  /** Starts the process; again after `kill`, on the same data. */
  async run() {
    await fetch(`${ORIGIN}/healthz`).then(
      () => assert.fail(`something answers at ${ORIGIN} before the hub runs`),
      () => {}, // refused, as it should be
    );
    const env = { ...process.env, RUST_BACKTRACE: '1', LENSWIRE_DATA: this.data };
    const args = this.file ? ['serve', '--config', this.file] : ['serve'];
    this.process = new Child(BINARY, args, { env, cwd: this.data });
    await until('the hub is ready', async () => {
      if (this.process.gone) throw new Error(`the hub ended: ${this.process.failed ?? this.process.output}`);
      return (await fetch(`${ORIGIN}/readyz`)).ok;
    });
  }

  get log() {
    return this.process.output;
  }

  /** The secret of the claim link: on standard error or in DATA/claim, as it is no terminal. */
  async secret() {
    const text = await until('a claim link', () => {
      try {
        return readFileSync(`${this.data}/claim`, 'utf8');
      } catch {
        return this.log.match(/claim#\S+/)?.[0];
      }
    });
    return text.trim().replace(/^.*claim#/, '');
  }

  /** Claims the hub: from here on `api` speaks as its administrator. */
  async claim() {
    const answer = await this.call('POST', '/api/v1/claim', { secret: await this.secret(), show_token: true });
    if (answer.status !== 200) throw new Error(`claim: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.token = answer.body.administrator_token;
    return this;
  }

  /** One request; { status, headers, body }, body parsed when it is JSON. */
  async call(method, path, body, headers = {}) {
    const all = { ...headers };
    if (this.token) all.authorization ??= `Bearer ${this.token}`;
    if (body !== undefined) all['content-type'] ??= 'application/json';
    const answer = await fetch(ORIGIN + path, {
      method,
      headers: all,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, headers: answer.headers, body: json ? JSON.parse(text) : text };
  }

  /** What the API says of one stream. */
  async stream(name) {
    const answer = await this.call('GET', `/api/v1/streams/${encodeURIComponent(name)}`);
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Waits until a stream's state has this name; answers the stream. */
  state(name, wanted, limit = 20_000) {
    let seen;
    return until(`${name} is ${wanted}`, async () => {
      seen = await this.stream(name);
      if (seen.state.name !== wanted) throw new Error(JSON.stringify(seen.state));
      return seen;
    }, limit);
  }

  /** Waits until a stream's state or warnings carry this problem code; answers the problem. */
  problem(name, code, limit = 20_000) {
    return until(`${name} has the problem ${code}`, async () => {
      const { state, warnings } = await this.stream(name);
      const found = [state.problem, ...(warnings ?? [])].find((problem) => problem?.code === code);
      if (!found) throw new Error(JSON.stringify({ state, warnings }));
      return found;
    }, limit);
  }

  /** Bytes of resident memory. */
  memory() {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(status.match(/VmRSS:\s+(\d+)/)[1]) * 1024;
  }

  kill() {
    return this.process.kill();
  }

  /** Ends the hub and removes its data; its log must not tell of a panic. */
  async end() {
    await this.process.end();
    const panic = this.log.match(/.*panicked at[\s\S]{0,500}/);
    rmSync(this.data, { recursive: true, force: true });
    if (panic) throw new Error(`the hub panicked: ${panic[0]}`);
  }
}

/** A configuration of streams anyone may watch: { gate: url } or { gate: { source, … } }. */
export function streams(sources, rest = '') {
  const lines = ['media: { port: 8189 }', rest, 'streams:'];
  for (const [name, source] of Object.entries(sources)) {
    const keys = typeof source === 'string' ? { source } : source;
    lines.push(`  ${name}:`, '    viewers: anyone');
    for (const [key, value] of Object.entries(keys)) lines.push(`    ${key}: ${JSON.stringify(value)}`);
  }
  return `${lines.join('\n')}\n`;
}
