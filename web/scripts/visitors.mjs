// Builds the scripts for visitors' pages into dist/, each in one file under a name that stays: plain scripts, which pages of any host may load;
// and the style of the page for visitors.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const BYTES_MAX = 16_000;
const SCRIPTS = { 'call-us': 'button', 'call-us-phone': 'call', 'call-us-page': 'page' };
const path = (place) => fileURLToPath(new URL(place, import.meta.url));

for (const [name, entry] of Object.entries(SCRIPTS)) {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      target: 'es2022',
      outDir: path('../dist'),
      emptyOutDir: false,
      lib: {
        entry: path(`../src/visitors/${entry}.ts`),
        formats: ['iife'],
        name: entry === 'call' ? 'hotlineCall' : `hotline_${entry}`,
        fileName: () => `${name}.js`,
      },
    },
  });
  // A page that does not say how it is written reads a script as it reads itself.
  const file = path(`../dist/${name}.js`);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/[^\0-\x7f]/g, escaped));
}

function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const styles = ['base', 'page'].map((name) => readFileSync(path(`../src/visitors/${name}.css`), 'utf8'));
writeFileSync(path('../dist/call-us.css'), styles.join('\n'));

const bytes = statSync(path('../dist/call-us.js')).size;
console.log(`call-us.js: ${bytes} bytes of ${BYTES_MAX}`);
process.exit(bytes > BYTES_MAX ? 1 : 0);
