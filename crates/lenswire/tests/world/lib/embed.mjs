// Somebody else's page with a WHEP player of its own: another origin, none of our code.

import { createServer } from 'node:http';
import { once } from 'node:events';

import * as inPage from './in-page.mjs';
import { until } from './until.mjs';

const PAGE = '<!doctype html><title>Somebody else’s page</title><body></body>';

/** Serves an empty page on a free port; `origin` and `end()`. */
export async function elsewhere() {
  const server = createServer((_request, answer) => answer.setHeader('content-type', 'text/html').end(PAGE));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    end: () => new Promise((done) => server.close(done)),
  };
}

/** Plays a WHEP endpoint in `page`; fails with what the hub said when it does not accept. */
export async function watch(page, url, token) {
  const answer = await page.run(inPage.whep, url, token);
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${answer.body}`);
  return answer;
}

/** Waits until every video of the page has shown `count` frames; answers their counts. */
export async function allPlay(page, videos, count, limit = 30_000) {
  return until(`${videos} viewers with ${count} frames each`, async () => {
    const seen = await page.run(() => [...document.querySelectorAll('video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames));
    if (seen.length < videos || seen.some((frames) => frames < count)) throw new Error(JSON.stringify(seen));
    return seen;
  }, limit);
}
