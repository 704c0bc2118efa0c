// The page `/call-us`: a button for each number that visitors may call, and a form to be called back. It shows how one's own page can look.

import { type PageWords, pageWords } from './pageTexts';

interface Offer {
  numbers: { number: string; name: string | null }[];
  callback: boolean;
}

const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
const tag = asked.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
const words = pageWords(tag);

document.documentElement.lang = tag;
document.title = words.title;
for (const place of document.querySelectorAll<HTMLElement>('[data-text]')) {
  place.textContent = words[place.dataset.text as keyof PageWords];
}
void show();

async function show(): Promise<void> {
  const status = at('status');
  try {
    const answer = await fetch('/api/v1/guests', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { numbers, callback } = (await answer.json()) as Offer;
    status.textContent = numbers.length === 0 && !callback ? words.nothing : '';
    at('numbers').replaceChildren(...numbers.map(({ number, name }) => row(number, name)));
    at('callback').hidden = !callback;
  } catch {
    status.textContent = words.gone;
  }
}

/** A number, with the one line that puts a button anywhere. */
function row(number: string, name: string | null): HTMLElement {
  const item = document.createElement('li');
  const called = document.createElement('span');
  called.className = 'number';
  called.textContent = name === null ? number : `${name} · ${number}`;
  const script = document.createElement('script');
  script.src = '/call-us.js';
  script.dataset.number = number;
  script.dataset.lang = tag;
  const line = document.createElement('code');
  line.textContent = `<script src="${location.origin}/call-us.js" data-number="${number}"></script>`;
  item.append(called, script, line);
  return item;
}

const form = at('callback') as HTMLFormElement;
const time = form.elements.namedItem('time') as HTMLInputElement;
const when = () => new FormData(form).get('when');

form.addEventListener('change', () => {
  time.disabled = when() !== 'at';
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void leave();
});

async function leave(): Promise<void> {
  const said = at('said');
  const phone = String(new FormData(form).get('phone')).trim();
  const body = { phone, at: when() === 'at' ? time.value : 'now', language: tag === 'en' ? 'en' : 'zh' };
  said.textContent = words.sending;
  try {
    const answer = await fetch('/api/v1/guests/callbacks', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
    said.textContent = answer.ok
      ? promised(await answer.json())
      : refused(answer.status, await problem(answer));
  } catch {
    said.textContent = words.gone;
  }
}

function promised({ not_before, is_new }: { not_before: string | null; is_new: boolean }): string {
  if (!is_new) return words.known;
  if (not_before === null) return words.soon;
  const format = new Intl.DateTimeFormat(tag, { weekday: 'long', hour: 'numeric', minute: '2-digit' });
  return words.later.replace('{time}', format.format(new Date(not_before)));
}

function refused(status: number, fields: string[]): string {
  if (status === 429) return words.too_often;
  if (fields.includes('phone')) return words.bad_phone;
  if (fields.includes('at')) return words.bad_time;
  return words.gone;
}

/** The fields that are wrong. */
async function problem(answer: Response): Promise<string[]> {
  try {
    const { errors } = (await answer.json()) as { errors?: { field?: string }[] };
    return (errors ?? []).map(({ field }) => field ?? '');
  } catch {
    return [];
  }
}

function at(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`call-us.html has no #${id}`);
  return found;
}
