#!/usr/bin/env node
// Plays a WHEP URL in Chromium and says in JSON what it saw.
//
//   play.mjs delays URL SECONDS   { display: [ms], receipt: [ms] } one number for each picture
//   play.mjs joins URL TIMES      { first: [ms], live: [ms] } one number for each join
//
// The pictures must carry the time stamp that crates/capture/src/pattern/stamp.rs describes, by the
// clock of this machine.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { install, measureDelays, measureJoins } from './in-page.mjs';

// The world tests have the driver already; a second copy would only differ.
const require = createRequire(new URL('../../crates/lenswire/tests/world/package.json', import.meta.url));
const puppeteer = require('puppeteer-core');

const CHROMIUM = [
  '--no-sandbox', // benchmarks run as root in a network of their own; the page is ours
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
];

const MEASURES = { delays: measureDelays, joins: measureJoins };

/** An empty page of a real origin. */
function serve() {
  const page = '<!doctype html><title>bench</title><video muted autoplay playsinline></video>';
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function main([measure, url, amount]) {
  if (!(measure in MEASURES) || !(Number(amount) > 0)) throw new Error('usage: play.mjs delays|joins URL NUMBER');
  const profile = mkdtempSync(join(tmpdir(), 'lenswire-bench-'));
  const server = await serve();
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: CHROMIUM,
    userDataDir: profile,
    protocolTimeout: 600_000,
  });
  try {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(install);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    console.log(JSON.stringify(await page.evaluate(MEASURES[measure], url, Number(amount))));
  } finally {
    await browser.close();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

await main(process.argv.slice(2));
