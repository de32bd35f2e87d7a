// The console in a browser: signed in, and whether the page kept to its Content-Security-Policy.

import { ORIGIN } from './hub.mjs';

/** Makes `browser` the hub's administrator; the hub was claimed before. */
export async function signIn(browser, hub) {
  const page = await browser.open(`${ORIGIN}/login`);
  const status = await page.run(async (token) => {
    const answer = await fetch('/api/v1/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    return answer.status;
  }, hub.token);
  if (status !== 200) throw new Error(`login: ${status}`);
  await page.end();
}

/** What the page's console has of scripts that failed, and of what the policy stopped. */
export async function violations(page) {
  return page.console.filter((line) => /^pageerror|Content Security Policy|TrustedHTML/.test(line));
}
