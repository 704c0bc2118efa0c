// Reads the text of an event stream (WHATWG HTML §9.2.6). Pure: text in, messages out.

export interface Message {
  event: string;
  data: string;
}

/** The longest line kept; a stream that sends more is broken. */
const LINE_CHARS_MAX = 16 * 1024 * 1024;

export class SseReader {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string | null = null;
  #lastId: string | null = null;

  /** Where a reconnecting page goes on. A block with an id alone moves it too. */
  get lastId(): string | null {
    return this.#lastId;
  }

  /** The messages that have ended; comments are passed over. */
  read(text: string): Message[] {
    const messages: Message[] = [];
    this.#rest += text;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (!end) break;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      this.#line(line, messages);
    }
    if (this.#rest.length > LINE_CHARS_MAX) throw new Error('event stream line too long');
    return messages;
  }

  #line(line: string, messages: Message[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        messages.push({ event: this.#event || 'message', data: this.#data.join('\n') });
      }
      this.#lastId = this.#id;
      this.#event = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }
}
