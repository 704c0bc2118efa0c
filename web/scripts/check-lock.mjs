// Fails when the lock file names a registry: an installation uses the one of its own machine.

import { readFileSync } from 'node:fs';

const lock = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
// The one "resolved" is a directory of this one.
if (/"resolved": (?!"openapi")|https?:\/\/[^"]*\.tgz/.test(lock)) {
  console.error('package-lock.json holds registry addresses; install with the .npmrc of this directory');
  process.exit(1);
}
