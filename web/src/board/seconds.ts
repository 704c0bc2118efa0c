// Many clocks that each step when their own second is full.

const SECOND_MS = 1000;
/** Parts of a second in which clocks that count from different times are shown. */
const PARTS = 10;
const PART_MS = SECOND_MS / PARTS;
const parts: Set<() => void>[] = Array.from({ length: PARTS }, () => new Set());
let counting = 0;
let partTimer: ReturnType<typeof setInterval> | undefined;
let reached = 0;
let along_ms = 0;

/**
 * Calls once a second, in the tenth of it in which a count from `since_ms` (this computer's clock) steps. A hundred
 * clocks so change when each of them does and not all at once. The returned function ends it.
 */
export function onSecondSince(since_ms: number, listener: () => void): () => void {
  // The next part begins after the step, so the text is the new one.
  const part = parts[(partOf(since_ms) + 1) % PARTS] as Set<() => void>;
  if (counting === 0) {
    reached = partOf(Date.now());
    partTimer = setInterval(callAlone, PART_MS);
  }
  counting += 1;
  part.add(listener);
  return () => {
    if (!part.delete(listener)) return;
    counting -= 1;
    if (counting === 0) clearInterval(partTimer);
  };
}

/**
 * Steps those clocks that are due along with something else that changes the page, so that it is laid out once for both. While
 * this is called often, clocks do not step by themselves.
 */
export function stepAlong(): void {
  if (counting === 0) return;
  along_ms = Date.now();
  callParts();
}

function callAlone(): void {
  if (Date.now() - along_ms >= 2 * PART_MS) callParts();
}

/** A late timer catches up. */
function callParts(): void {
  const until = partOf(Date.now());
  while (reached !== until) {
    reached = (reached + 1) % PARTS;
    for (const step of parts[reached] ?? []) step();
  }
}

function partOf(ms: number): number {
  return Math.floor((((ms % SECOND_MS) + SECOND_MS) % SECOND_MS) / PART_MS);
}
