/** The pages: `dist/index.html` and hashed files under `dist/assets`. */
import { defineConfig } from 'vite';
import { first } from './build/first.ts';
import { words } from './build/words.ts';

/** Where `make dev` runs the hub. */
const HUB = 'http://localhost:8080';

/** To the hub as if from its own page: it checks where a request comes from. */
const passed = { target: HUB, changeOrigin: true, headers: { origin: HUB } };

export default defineConfig({
  server: {
    proxy: {
      '/api': passed,
      '/ws': { ...passed, ws: true, rewriteWsOrigin: true },
      '/healthz': passed,
      '^/.+/whep(/.*)?$': passed,
    },
  },
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
