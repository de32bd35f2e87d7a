/** The player alone, as one ES module that anybody's page may load: `dist/lenswire.js`. */
import { defineConfig } from 'vite';
import { words } from './build/words.ts';

export default defineConfig({
  plugins: [words()],
  publicDir: false,
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: false,
    // Not Vite's library mode: that leaves the white space in.
    rolldownOptions: {
      input: 'src/player/index.ts',
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: 'lenswire.js' },
    },
  },
});
