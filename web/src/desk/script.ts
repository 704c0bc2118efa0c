// The text that agents of a queue are to say: a few marks, and places for what is known of the caller. Pure; it makes no HTML.

/** Words in one line: as they are, strong ones, or what stands in a place. */
export type Span =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; spans: Span[] }
  /** `text` is null for what is not known. */
  | { kind: 'place'; place: string; text: string | null };

export type Block =
  | { kind: 'heading'; spans: Span[] }
  | { kind: 'text'; spans: Span[] }
  | { kind: 'list'; numbered: boolean; items: Span[][] };

export type Known = (place: string) => string | null;

/** Reads headings (`#`), lists (`-`, `1.`), paragraphs, `**strong**` and `{places}`. */
export function readScript(script: string, known: Known): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const line of script.split(/\r?\n/)) {
    const text = line.trim();
    const heading = /^#{1,6}\s+(.*)$/.exec(text);
    const item = /^(?:[-*]|(\d+)[.)])\s+(.*)$/.exec(text);
    if (text === '') {
      open = null;
    } else if (heading) {
      blocks.push({ kind: 'heading', spans: spansOf(heading[1] ?? '', known) });
      open = null;
    } else if (item) {
      const numbered = item[1] !== undefined;
      if (open?.kind !== 'list' || open.numbered !== numbered) {
        open = { kind: 'list', numbered, items: [] };
        blocks.push(open);
      }
      open.items.push(spansOf(item[2] ?? '', known));
    } else if (open?.kind === 'text') {
      open.spans.push({ kind: 'text', text: ' ' }, ...spansOf(text, known));
    } else {
      open = { kind: 'text', spans: spansOf(text, known) };
      blocks.push(open);
    }
  }
  return blocks;
}

function spansOf(text: string, known: Known): Span[] {
  const spans: Span[] = [];
  for (const part of text.split(/(\*\*[^*]+\*\*|\{[^{}]+\})/)) {
    if (part === '') continue;
    if (part.startsWith('**') && part.length > 4) {
      spans.push({ kind: 'strong', spans: spansOf(part.slice(2, -2), known) });
    } else if (part.startsWith('{') && part.endsWith('}')) {
      const place = part.slice(1, -1);
      spans.push({ kind: 'place', place, text: known(place)?.trim() || null });
    } else {
      spans.push({ kind: 'text', text: part });
    }
  }
  return spans;
}
