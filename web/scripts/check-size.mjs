// Fails when what the first page loads is larger than promised: 300 KB compressed, the Latin font included.

import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BYTES_MAX = 300_000;
const DIST = new URL('../dist/', import.meta.url).pathname;

const page = readFileSync(`${DIST}index.html`);
const linked = [...page.toString().matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, path]) => path);
const font = readdirSync(`${DIST}assets`).find((name) => name.startsWith('inter-latin-wght'));
if (linked.length < 3 || !font) throw new Error('dist/ does not look as expected');

const sizes = linked.map((path) => gzipSync(readFileSync(DIST + path)).length);
const bytes =
  gzipSync(page).length + readFileSync(`${DIST}assets/${font}`).length + sizes.reduce((a, b) => a + b, 0);
console.log(`first load: ${Math.round(bytes / 1000)} KB compressed of ${BYTES_MAX / 1000} KB`);
process.exit(bytes > BYTES_MAX ? 1 : 0);
