/**
 * What the API costs: answers per path with many streams configured, and snapshots.
 *
 *   node bench/api.mjs target/release/lenswire [STREAMS] [REQUESTS]
 *
 * Starts the program on a folder of its own with one demo camera and STREAMS (1,000) streams that
 * nobody publishes to, asks one after the other over one connection, and prints a table.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [program = 'target/release/lenswire', streams = '1000', requests = '500'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'lenswire-api-'));
const config = join(folder, 'lenswire.yaml');
const names = Array.from({ length: Number(streams) }, (_, n) => `  site/cam${n}: { publish: grant }\n`);
writeFileSync(
  config,
  `listen: 127.0.0.1:18080\nmedia: { port: 18189 }\nlimits: { streams: 100000, api_per_user: 1000000, whep_per_ip: 1000000, whep_burst: 1000000 }\nstreams:\n  demo: { source: demo }\n${names.join('')}`,
);
const options = ['--data', folder, '--config', config];
const token = execFileSync(program, ['token', 'new', 'bench', '--administrator', ...options]).toString().trim();
const server = spawn(program, ['serve', ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** One answer: status, bytes, tag, milliseconds. */
function ask(path, { method = 'GET', body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const sent = request(
      { agent, host: '127.0.0.1', port: 18080, path, method, headers: { authorization: `Bearer ${token}`, ...headers } },
      (answer) => {
        let bytes = 0;
        answer.on('data', (chunk) => (bytes += chunk.length));
        answer.on('end', () =>
          resolve({ status: answer.statusCode, bytes, etag: answer.headers.etag, ms: Number(process.hrtime.bigint() - start) / 1e6 }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Milliseconds of processor time that the server has used. */
function cpu() {
  const [, after] = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ');
  const fields = after.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function measure(name, times, act) {
  const [all, before] = [[], cpu()];
  let bytes = 0;
  for (let n = 0; n < times; n++) {
    const answer = await act(n);
    if (answer.status >= 400) throw new Error(`${name}: ${answer.status}`);
    all.push(answer.ms);
    bytes = answer.bytes || bytes;
  }
  all.sort((a, b) => a - b);
  const at = (part) => all[Math.min(all.length - 1, Math.floor(all.length * part))].toFixed(2);
  const spent = ((cpu() - before) / times).toFixed(2);
  console.log(`| ${name} | ${at(0.5)} | ${at(0.99)} | ${spent} | ${(bytes / 1000).toFixed(1)} |`);
}

const json = { 'content-type': 'application/merge-patch+json' };
try {
  for (;;) {
    const up = await ask('/readyz').catch(() => ({ status: 0 }));
    if (up.status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const still = '/api/v1/streams/demo/snapshot.jpg';
  const times = Number(requests);
  await ask(still);
  console.log(`${streams} streams, ${times} requests each\n`);
  console.log('| | p50, ms | p99, ms | processor, ms | kB |\n|---|---:|---:|---:|---:|');
  await measure('one stream', times, () => ask('/api/v1/streams/site%2Fcam7'));
  await measure('streams, first 100', times, () => ask('/api/v1/streams?limit=100'));
  await measure('streams, all', Math.min(times, 100), () => ask('/api/v1/streams'));
  await measure('curves of one', times, () => ask('/api/v1/streams/demo/stats'));
  await measure('/metrics', Math.min(times, 100), () => ask('/metrics'));
  await measure('a change, written to the file', Math.min(times, 50), (n) =>
    ask('/api/v1/streams/site%2Fcam7', { method: 'PATCH', body: `{"delay_limit":"${500 + n}ms"}`, headers: json }),
  );
  let etag = '';
  await measure('snapshot, the picture is known (304)', times, async () => {
    const answer = await ask(still, { headers: { 'if-none-match': etag } });
    etag = answer.etag;
    return answer;
  });
  // A width that nobody has asked for yet is decoded, scaled and encoded anew.
  await measure('snapshot 1280x720, decoded', Math.min(times, 200), (n) => ask(`${still}?width=${1280 + n}`));
  await measure('snapshot 480x270, decoded and scaled', Math.min(times, 200), (n) => ask(`${still}?width=${380 + n}`));
  await measure('snapshot 1280x720, from the cache', times, () => ask(still));
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  console.log(`\nresident set ${Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000)} MB`);
} finally {
  server.kill('SIGTERM');
  agent.destroy();
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}
