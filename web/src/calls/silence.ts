// Where nothing is heard in a recording, by its picture. Pure.

import type { Peaks } from '../api/types';

/** Of 32 768: the noise of a line lies below. */
const AMPLITUDE_MAX = 400;
/** Shorter pauses belong to speech. */
const LENGTH_S_MIN = 1.5;

export interface Silence {
  from_s: number;
  to_s: number;
}

export function silences({ duration_ms, channels }: Peaks): Silence[] {
  const points = Math.max(0, ...channels.map(({ length }) => length));
  if (points === 0) return [];
  const step_s = duration_ms / 1000 / points;
  const found: Silence[] = [];
  let from: number | null = null;
  for (let at = 0; at <= points; at += 1) {
    const silent = at < points && channels.every((channel) => (channel[at] ?? 0) <= AMPLITUDE_MAX);
    if (silent) from ??= at;
    else if (from !== null) {
      if ((at - from) * step_s >= LENGTH_S_MIN) found.push({ from_s: from * step_s, to_s: at * step_s });
      from = null;
    }
  }
  return found;
}
