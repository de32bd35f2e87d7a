/**
 * The hub's problems in English are written once, in `crates/api/src/problem/code.rs`. This takes
 * them over (`npm run problems`), so that their translations can be checked against the list.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const SOURCE = here('../../crates/api/src/problem/code.rs');
const TARGET = here('../src/strings/problems.en.ftl');
const ROW = /^\s*\w+, "(\w+)", \d+, "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)";/;

/** The hub's list as Fluent. */
export function problemsAsFluent() {
  let text =
    '# Taken from crates/api/src/problem/code.rs by `npm run problems`: change it there.\n\n';
  for (const line of readFileSync(SOURCE, 'utf8').split('\n')) {
    const [, code, title, fix] = ROW.exec(line) ?? [];
    if (!code) continue;
    text += `problem-${code} = ${title}\n`;
    if (fix) text += `    .fix = ${fix}\n`;
  }
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, problemsAsFluent());
