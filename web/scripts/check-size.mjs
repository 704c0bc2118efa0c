// Fails when what the first page loads is larger than promised: 300 KB on the wire, the Latin font included.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

const BYTES_MAX = 300_000;
const DIST = new URL('../dist/', import.meta.url).pathname;

const page = readFileSync(`${DIST}index.html`, 'utf8');
const linked = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => path);
const font = readdirSync(`${DIST}assets`).find((name) => /^inter-latin-wght.*\.woff2$/.test(name));
if (linked.length < 3 || !font) throw new Error('dist/ does not look as expected');

// The words of one language come with it; the longer ones count. So does my day, which the desk shows at once.
const assets = readdirSync(`${DIST}assets`);
const lazy = (pattern) =>
  assets.filter((name) => pattern.test(name) && !linked.includes(`assets/${name.replace('.gz', '')}`));
const words = lazy(/^(en|zh)-.*\.js\.gz$/).sort((one, other) => size(other) - size(one));
const desk = lazy(/^(MyDay|CallTable)-.*\.(js|css)\.gz$/);

function size(name) {
  return statSync(`${DIST}assets/${name}`).size;
}

const bytes = [
  'index.html',
  `assets/${font}`,
  ...[words[0], ...desk].map((name) => `assets/${name}`),
  ...linked,
]
  .map((path) => (existsSync(`${DIST}${path}.gz`) ? `${path}.gz` : path))
  .reduce((sum, path) => sum + statSync(DIST + path).size, 0);
console.log(`first load: ${Math.round(bytes / 1000)} KB on the wire of ${BYTES_MAX / 1000} KB`);
process.exit(bytes > BYTES_MAX ? 1 : 0);
