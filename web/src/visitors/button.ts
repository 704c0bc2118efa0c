// A button by which visitors of any web page call a number of the center: `<script src="https://…/call-us.js" data-number="4000">`.
//
// `data-lang` is a language's tag (else that of the page), `data-label` the word on the button. Where the script stands, the button is. Nothing of the page's styles
// gets in, and nothing is loaded or asked for before somebody calls.

import base from './base.css?inline';
import css from './button.css?inline';
import type { callAsGuest, Guest, GuestCall, Step } from './call';
import { type Trouble, type Words, wordsOf } from './texts';

/** As the script for the call puts itself there. */
declare global {
  interface Window {
    hotlineCall?: { callAsGuest: typeof callAsGuest };
  }
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const PHONE_SCRIPT = '/call-us-phone.js';
const TICK_MS = 1_000;
/** As the server has it. */
const NAME_MAX = 100;
const QUESTION_MAX = 500;

interface Settings {
  /** The origin of the server. */
  server: string;
  number: string;
  label: string | null;
  words: Words;
}

class CallUs {
  readonly #settings: Settings;
  readonly #root: ShadowRoot;
  readonly #live: HTMLElement;
  readonly #body: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #opener: HTMLButtonElement;
  #call: GuestCall | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #given = { name: '', question: '' };

  constructor(host: HTMLElement, settings: Settings) {
    this.#settings = settings;
    const { words } = settings;
    this.#root = host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(base + css);
    this.#root.adoptedStyleSheets = [sheet];
    this.#opener = button(settings.label ?? words.button, 'opener', () => this.#toggle());
    this.#opener.setAttribute('aria-expanded', 'false');
    this.#live = element('p', 'status');
    this.#live.setAttribute('role', 'status');
    this.#body = element('div', 'body');
    this.#panel = element('section', 'panel');
    this.#panel.setAttribute('aria-label', words.title);
    this.#panel.append(element('h2', '', words.title), this.#live, this.#body);
    this.#panel.hidden = true;
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#call === null) this.#close();
    });
    this.#root.append(this.#opener, this.#panel);
    addEventListener('beforeunload', (event) => {
      if (this.#call !== null) event.preventDefault();
    });
    addEventListener('pagehide', () => this.#call?.hangUp());
  }

  #toggle(): void {
    if (!this.#panel.hidden) {
      if (this.#call === null) this.#close();
      return;
    }
    this.#panel.hidden = false;
    this.#opener.setAttribute('aria-expanded', 'true');
    this.#form('');
  }

  #close(): void {
    this.#panel.hidden = true;
    this.#opener.setAttribute('aria-expanded', 'false');
    this.#opener.focus();
  }

  #form(said: string): void {
    const { words } = this.#settings;
    this.#live.textContent = said;
    const form = element('form', '') as HTMLFormElement;
    const name = field(words.name, words.optional, document.createElement('input'), NAME_MAX);
    name.input.value = this.#given.name;
    name.input.autocomplete = 'name';
    const question = field(words.question, words.optional, document.createElement('textarea'), QUESTION_MAX);
    question.input.value = this.#given.question;
    question.input.rows = 2;
    const row = element('div', 'row');
    const call = button(said === '' ? words.call : words.again, 'call', () => {});
    call.type = 'submit';
    row.append(
      call,
      button(words.close, '', () => this.#close()),
    );
    form.append(name.label, question.label, row);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#given = { name: name.input.value, question: question.input.value };
      void this.#begin();
    });
    this.#body.replaceChildren(form);
    name.input.focus();
  }

  async #begin(): Promise<void> {
    const { server, words } = this.#settings;
    this.#live.textContent = words.asking;
    this.#body.replaceChildren();
    let microphone: MediaStream | null = null;
    try {
      microphone = await openMicrophone();
      this.#live.textContent = words.connecting;
      const [guest] = await Promise.all([this.#ask(), load(server)]);
      const call = window.hotlineCall;
      if (!call) throw new Refusal('gone');
      this.#controls();
      this.#call = call.callAsGuest(server, guest, microphone, (step) => this.#step(step));
    } catch (error) {
      for (const track of microphone?.getTracks() ?? []) track.stop();
      this.#form(words.trouble[error instanceof Refusal ? error.trouble : 'gone']);
    }
  }

  async #ask(): Promise<Guest> {
    const { server, number } = this.#settings;
    const page = location.href.slice(0, QUESTION_MAX);
    const body = { number, page, ...filled(this.#given) };
    const answer = await fetch(`${server}/api/v1/guests`, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.ok) return (await answer.json()) as Guest;
    if (answer.status === 429) throw new Refusal('too_often');
    if (answer.status === 503 || answer.status === 409) throw new Refusal('busy');
    throw new Refusal(answer.status < 500 ? 'not_allowed' : 'gone');
  }

  #controls(): void {
    const { words } = this.#settings;
    const row = element('div', 'row');
    const keys = element('div', 'keys');
    keys.hidden = true;
    for (const key of KEYS) keys.append(button(key, 'key', () => this.#call?.press(key)));
    let muted = false;
    const mute = button(words.mute, '', () => {
      muted = !muted;
      this.#call?.mute(muted);
      mute.textContent = muted ? words.unmute : words.mute;
    });
    const pad = button(words.keypad, '', () => {
      keys.hidden = !keys.hidden;
      pad.setAttribute('aria-expanded', String(!keys.hidden));
    });
    pad.setAttribute('aria-expanded', 'false');
    const end = button(words.hang_up, 'end', () => this.#call?.hangUp());
    row.append(mute, pad, end);
    this.#body.replaceChildren(row, keys);
    this.#panel.onkeydown = ({ key }) => {
      if (KEYS.includes(key)) this.#call?.press(key);
    };
    end.focus();
  }

  #step(step: Step): void {
    const { words } = this.#settings;
    this.#panel.dataset.step = step;
    switch (step) {
      case 'connecting':
      case 'ringing':
        this.#live.textContent = words[step];
        return;
      case 'talking':
        this.#talk();
        return;
      default:
        clearInterval(this.#timer);
        this.#call = null;
        this.#panel.onkeydown = null;
        this.#form(step === 'over' ? words.over : words.trouble[step]);
    }
  }

  #talk(): void {
    const since_ms = Date.now();
    const clock = element('span', 'clock', '0:00');
    // A clock that is read out each second is in the way of the call.
    clock.setAttribute('aria-hidden', 'true');
    this.#live.replaceChildren(`${this.#settings.words.talking} `, clock);
    this.#timer = setInterval(() => {
      clock.textContent = duration(Date.now() - since_ms);
    }, TICK_MS);
  }
}

/** Something that is told the visitor. */
class Refusal extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

async function openMicrophone(): Promise<MediaStream> {
  if (!window.isSecureContext) throw new Refusal('insecure');
  if (!navigator.mediaDevices?.getUserMedia || typeof RTCPeerConnection === 'undefined')
    throw new Refusal('unsupported');
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: false });
  } catch (error) {
    const gone = error instanceof Error && error.name === 'NotFoundError';
    throw new Refusal(gone ? 'no_microphone' : 'denied');
  }
}

let loading: Promise<void> | null = null;

/** The script for the call, once: a plain one, which pages of other hosts may load. */
function load(server: string): Promise<void> {
  loading ??= new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${server}${PHONE_SCRIPT}`;
    script.onload = () => resolve();
    script.onerror = () => {
      loading = null;
      reject(new Refusal('gone'));
    };
    document.head.append(script);
  });
  return loading;
}

export function duration(ms: number): string {
  const s = Math.floor(ms / 1_000);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

/** What was said, without what was not. */
function filled(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given)
      .map(([name, text]) => [name, text.trim()] as const)
      .filter(([, text]) => text !== ''),
  );
}

function element(tag: string, name: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

function button(text: string, name: string, press: () => void): HTMLButtonElement {
  const made = element('button', name, text) as HTMLButtonElement;
  made.type = 'button';
  made.addEventListener('click', press);
  return made;
}

function field<Input extends HTMLInputElement | HTMLTextAreaElement>(
  name: string,
  remark: string,
  input: Input,
  max: number,
): { label: HTMLElement; input: Input } {
  const label = element('label', '', name);
  label.append(element('small', '', ` (${remark})`), input);
  input.maxLength = max;
  return { label, input };
}

/** Puts a button where the script stands. */
export function install(script: HTMLScriptElement): void {
  const { number, lang, label } = script.dataset;
  if (!number) return;
  const host = document.createElement('hotline-call-us');
  const tag = lang ?? (document.documentElement.lang || navigator.language);
  host.lang = wordsOf(tag) === wordsOf('zh') ? 'zh-CN' : 'en';
  script.after(host);
  const server = new URL(script.src).origin;
  new CallUs(host, { server, number, label: label ?? null, words: wordsOf(tag) });
}

if (document.currentScript instanceof HTMLScriptElement) install(document.currentScript);
