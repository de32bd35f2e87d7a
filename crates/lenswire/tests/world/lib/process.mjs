// Child processes that tell when they are ready and are ended by their id.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { until } from './until.mjs';

const GRACE_MS = 10_000; // D2: a graceful stop takes at most 10 s

// Whatever ends this test file, what it started ends with it: the next one wants the same ports.
const running = new Set();
const endAll = () => running.forEach((child) => child.process.kill('SIGKILL'));
process.on('exit', endAll);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A running program: what it printed, a way to talk to it, an end. */
export class Child {
  constructor(command, args, options = {}) {
    this.name = command.split('/').pop();
    this.output = '';
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    running.add(this);
    this.exited = once(this.process, 'exit').catch((error) => [error]).finally(() => running.delete(this));
    this.process.on('error', (error) => (this.failed = error));
    this.process.stdin.on('error', () => {}); // it may be gone before we are
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (this.output += text));
    }
  }

  get pid() {
    return this.process.pid;
  }

  get gone() {
    return this.failed || this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Waits until the output holds `pattern`; answers the match. */
  said(pattern, limit = 15_000) {
    return until(`${this.name} says ${pattern}`, () => {
      const match = this.output.match(pattern);
      if (!match && this.gone) throw new Error(`${this.name} ended: ${this.failed ?? ''} ${this.output.slice(-2000)}`);
      return match;
    }, limit);
  }

  /** Sends one line and waits until the program says that it is done. */
  async tell(line) {
    const before = this.output.length;
    this.process.stdin.write(`${line}\n`);
    await until(`${this.name} does ${line}`, () => this.output.slice(before).includes(`done ${line}`));
  }

  kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    return this.exited;
  }

  /** Asks it to end, then makes it. */
  async end() {
    if (this.gone) return;
    this.process.stdin.end();
    this.process.kill('SIGTERM');
    const force = setTimeout(() => this.process.kill('SIGKILL'), GRACE_MS);
    await this.exited;
    clearTimeout(force);
  }
}
