#!/usr/bin/env node
// Plays a stream in Chromium and says in JSON what it saw, one entry for each join.
//
//   play.mjs '{ "url": URL, "own_page": false, "joins": 1, "settle": 3, "seconds": 20, "period": 0 }'
//
// url        a WHEP endpoint; with `own_page` the server's own page, whose player joins by itself
// joins      how often it joins and leaves
// settle     seconds from the answer to the first reading of the counters
// seconds    from there to the second reading and the end
// period     seconds from one join to the next; 0 = at once
//
// The pictures should carry the time stamp that crates/capture/src/pattern/stamp.rs describes, by the
// clock of this machine. A join that fails is an entry with `error`. It ends by itself in any case.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join as below } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { counters, install, join, leave, seen } from './in-page.mjs';

// The world tests have the driver already; a second copy would only differ.
const require = createRequire(new URL('../../crates/lenswire/tests/world/package.json', import.meta.url));
const puppeteer = require('puppeteer-core');

const CHROMIUM = [
  '--no-sandbox', // benchmarks run as root in a network of their own; the page is ours
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
];

/** How long an answer may take; milliseconds. */
const PATIENCE = 20_000;

/** An empty page of a real origin. */
function serve() {
  const page = '<!doctype html><title>bench</title><video muted autoplay playsinline></video>';
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function answered(page) {
  const deadline = Date.now() + PATIENCE;
  while ((await page.evaluate(seen)).answered === null) {
    if (Date.now() > deadline) throw new Error('no answer');
    await sleep(20);
  }
}

async function watch(page, plan, empty) {
  if (plan.own_page) {
    await page.goto(plan.url);
    await answered(page);
  } else {
    if (page.url() !== empty) await page.goto(empty);
    await page.evaluate(join, plan.url);
  }
  await sleep(1_000 * plan.settle);
  const before = await page.evaluate(counters);
  await sleep(1_000 * plan.seconds);
  const after = await page.evaluate(counters);
  return { ...(await page.evaluate(seen)), before, after };
}

async function watchAll(browser, plan, empty) {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(install);
  const entries = [];
  const begin = Date.now();
  for (let n = 0; n < plan.joins; n += 1) {
    await sleep(Math.max(0, begin + 1_000 * plan.period * n - Date.now()));
    try {
      entries.push(await watch(page, plan, empty));
    } catch (error) {
      entries.push({ error: String(error) });
    }
    // A fresh page for each: nothing of the join before may help.
    await page.evaluate(leave).catch(() => {});
    await page.goto('about:blank').catch(() => {});
  }
  return entries;
}

async function main(plan) {
  const profile = mkdtempSync(below(tmpdir(), 'lenswire-bench-'));
  const server = await serve();
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: CHROMIUM,
    userDataDir: profile,
    protocolTimeout: 120_000,
  });
  const each = plan.settle + plan.seconds + PATIENCE / 1_000;
  const most = 1_000 * (60 + plan.joins * Math.max(plan.period, each));
  const watchdog = setTimeout(() => browser.close().finally(() => process.exit(3)), most);
  try {
    console.log(JSON.stringify(await watchAll(browser, plan, `http://127.0.0.1:${server.address().port}/`)));
  } finally {
    clearTimeout(watchdog);
    await browser.close();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

await main(JSON.parse(process.argv[2]));
