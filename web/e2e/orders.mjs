// How a test in another language leads a browser: one JSON object a line, in both directions.

import { createInterface } from 'node:readline';

/** Tells the test something. */
export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/**
 * Obeys each order `{"do":"…", …}`, and says `{"done":"…", …}` with what `obey` gives back or `{"failed":"…","problem":…}`, until
 * `{"do":"quit"}` or until nobody is there any more.
 */
export async function obeyOrders(obey) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    const { do: what, ...rest } = JSON.parse(line);
    if (what === 'quit') break;
    try {
      say({ done: what, ...(await obey(what, rest)) });
    } catch (error) {
      say({ failed: what, problem: String(error) });
    }
  }
}
