/** The pages: `dist/index.html` and hashed files under `dist/assets`. */
import { defineConfig } from 'vite';
import { first } from './build/first.ts';
import { words } from './build/words.ts';

export default defineConfig({
  plugins: [words(), first()],
  // The icons and styles that are small must stay files: the policy allows no data: address.
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Every browser with WebRTC preloads modules by itself.
    modulePreload: { polyfill: false },
  },
});
