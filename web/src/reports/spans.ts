// The times that reports are asked for by name.

export const SPANS = ['today', 'yesterday', 'week', 'month', 'other'] as const;
export type Span = (typeof SPANS)[number];

export function isSpan(text: string | undefined): text is Span {
  return SPANS.some((span) => span === text);
}

/** Today is left to the server, which knows the center's zone; days before begin where this computer's do. */
export function momentsOf(
  span: Span,
  { from, until }: { from?: string; until?: string },
  now = new Date(),
): { from?: string; until?: string } {
  const day = (back: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - back).toISOString();
  switch (span) {
    case 'today':
      return {};
    case 'yesterday':
      return { from: day(1), until: day(0) };
    case 'week':
      return { from: day(6) };
    case 'month':
      return { from: day(29) };
    case 'other':
      return { ...(from ? { from } : {}), ...(until ? { until } : {}) };
  }
}
