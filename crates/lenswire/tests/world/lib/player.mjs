// Playing a stream on our own page, as a person does.

import { until } from './until.mjs';

/**
 * Waits until the page's player shows `count` more frames, pressing Connect when it offers that.
 * Answers what Page.video does.
 */
export async function plays(page, count = 10, limit = 20_000) {
  let from;
  return until(`${count} frames`, async () => {
    const video = await page.video();
    if (!video || video.frames === 0) await page.run(pressConnect);
    if (!video) throw new Error(`no video; the page says: ${await brief(page)}`);
    from ??= video.frames;
    if (video.frames - from < count) throw new Error(`${video.frames} frames; the page says: ${await brief(page)}`);
    return video;
  }, limit);
}

async function brief(page) {
  return (await page.words()).replace(/\s+/g, ' ').slice(0, 400);
}

/** In the page: presses a visible button named Connect (or Play), in whichever shadow root it is. */
function pressConnect() {
  const all = (root) =>
    [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
  const button = all(document).find(
    (element) =>
      element.matches('button') && element.checkVisibility() && /^(connect|play|tap to play)$/i.test((element.ariaLabel ?? element.textContent).trim()),
  );
  button?.click();
  return Boolean(button);
}
