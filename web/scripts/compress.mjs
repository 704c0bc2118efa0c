// Puts a .gz beside every file of dist/ that gets smaller by it; the server answers with it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url).pathname;
/** Fonts are compressed inside. */
const COMPRESSIBLE = /\.(html|js|css|svg|json|txt)$/;

for (const name of readdirSync(DIST, { recursive: true })) {
  if (!COMPRESSIBLE.test(name)) continue;
  const plain = readFileSync(join(DIST, name));
  const packed = gzipSync(plain, { level: 9 });
  if (packed.length < plain.length) writeFileSync(join(DIST, `${name}.gz`), packed);
}
