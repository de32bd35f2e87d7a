// Real nginx in front, which ends TLS: pages, WebSocket and WHEP through it, media past it.

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { allPlay, watch } from './lib/embed.mjs';
import { certificate, get } from './lib/https.mjs';
import { Hub } from './lib/hub.mjs';
import { folder, LAB } from './lib/places.mjs';
import { plays } from './lib/player.mjs';
import { Child } from './lib/process.mjs';
import { until } from './lib/until.mjs';

const NAME = 'cams.example.org';
const PUBLIC = `https://${NAME}:8443`;
const CONFIG = (proxies, url = PUBLIC) => `
public_url: ${url}
trusted_proxies: [${proxies}]
streams:
  demo: { source: demo, on_demand: true, viewers: anyone }
`;

let nginx, hub, browser, proof;

/** nginx as docs/deploy.md has it. */
function start({ cert, key }) {
  const place = mkdtempSync(`${folder('nginx')}/`);
  writeFileSync(`${place}/nginx.conf`, `
    daemon off; pid ${place}/pid; error_log stderr; worker_processes 1;
    events {}
    http {
      access_log off;
      client_body_temp_path ${place}/a; proxy_temp_path ${place}/b; fastcgi_temp_path ${place}/c;
      uwsgi_temp_path ${place}/d; scgi_temp_path ${place}/e;
      map $http_upgrade $connection_upgrade { default upgrade; '' close; }
      server {
        listen ${LAB}:8443 ssl;
        server_name ${NAME};
        ssl_certificate ${cert}; ssl_certificate_key ${key};
        location / {
          proxy_pass http://127.0.0.1:8080;
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $connection_upgrade;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Forwarded-Host $http_host;
          proxy_buffering off;
          proxy_read_timeout 1h;
        }
      }
    }`);
  return new Child('nginx', ['-p', place, '-c', `${place}/nginx.conf`]);
}

before(async () => {
  proof = certificate(NAME);
  nginx = start(proof);
  browser = await Browser.chromium([`--host-resolver-rules=MAP ${NAME} ${LAB}`, proof.flag]);
});
after(async () => {
  await browser?.end();
  await hub?.end();
  await nginx?.kill();
});

test('requirement 88: a page behind nginx plays by WebSocket and by WHEP', async () => {
  hub = await Hub.start(CONFIG('127.0.0.1'));
  const page = await browser.open(`${PUBLIC}/demo`);
  await plays(page, 10);
  const other = await browser.open(`${PUBLIC}/login`);
  const whep = await watch(other, `${PUBLIC}/demo/whep`);
  await allPlay(other, 1, 10);
  assert.ok(!/127\.0\.0\.1:8080/.test(whep.location ?? ''), 'the session is not said to be at the inner address');
});

test('requirement 88: behind a trusted proxy cookies are secure, clients have their own address, and the name is pinned', async () => {
  const page = await browser.open(`${PUBLIC}/claim#${await hub.secret()}`);
  await page.press(/^claim$/);
  const cookie = await until('the cookie', async () => (await browser.inner.cookies()).find(({ name }) => name === '__Host-lenswire'));
  assert.ok(cookie.secure);
  const answer = await get('http://127.0.0.1:8080/', { headers: { host: `${NAME}:8443`, forwarded: `for=192.0.2.7;proto=https;host="${NAME}:8443"` } });
  assert.match(answer.headers['strict-transport-security'], /max-age/);
  assert.ok(!/trusted_proxies/.test(hub.log));
  await hub.end();
});

test('requirement 88: a forgotten trusted_proxies is told in words, by the answer and in the log', async () => {
  hub = await Hub.start(CONFIG('10.1.1.1', 'https://other.example.org'));
  const told = await get(`https://${LAB}:8443/api/v1/me`, { ca: undefined, headers: { host: NAME } }).catch((error) => error);
  assert.ok(told instanceof Error, 'the certificate is for the name, not for the address');
  const page = await browser.open(`${PUBLIC}/api/v1/me`);
  const problem = await page.run(() => JSON.parse(document.body.textContent));
  assert.equal(problem.code, 'host_not_allowed');
  assert.match(problem.detail, /A proxy at 127\.0\.0\.1 passed it on, which is not in trusted_proxies/);
  assert.match(problem.fix, /add 127\.0\.0\.1 to trusted_proxies/);
  await until('the log', () => /a proxy that is not in trusted_proxies/.test(hub.log));
  assert.equal(hub.log.match(/a proxy that is not in trusted_proxies/g).length, 1, 'once');
});
