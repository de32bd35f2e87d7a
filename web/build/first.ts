/**
 * Puts `src/look/first.js` before everything else: a classic script in a hashed file, because a
 * module runs too late for the first paint and the Content-Security-Policy allows nothing inline.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SOURCE = 'src/look/first.js';

export function first(): Plugin {
  let path = `/${SOURCE}`;
  return {
    name: 'first',
    generateBundle() {
      const source = readFileSync(SOURCE);
      const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
      const fileName = `assets/first-${hash}.js`;
      this.emitFile({ type: 'asset', fileName, source });
      path = `/${fileName}`;
    },
    transformIndexHtml: {
      order: 'post',
      handler: () => [{ tag: 'script', attrs: { src: path }, injectTo: 'head-prepend' }],
    },
  };
}
