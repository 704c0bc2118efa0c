// How the pages are built, served in development and tested.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // The content policy is `default-src 'self'`: no data: URLs for images and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the first page loads comes in one piece, which is smaller than many that later pages share parts of.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
  },
  server: {
    proxy: { '/api': 'http://127.0.0.1:8080', '/sip': { target: 'ws://127.0.0.1:8080', ws: true } },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    css: false,
    // A machine that does much else is slow at typing.
    testTimeout: 30_000,
    include: ['src/**/*.test.{ts,tsx}'],
  },
});
