// Fails when a text is missing in a language, is used nowhere, loses a placeholder, or stands in a component.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SRC = new URL('../src/', import.meta.url).pathname;
const LANGUAGES = ['en', 'zh'];
/** The files of a language: those of the first page, and of pages that are loaded lazily. */
const PARTS = ['', 'wide.', 'admin.', 'people.', 'phone.'];
/** Texts that may be the same in all languages. */
const SAME = new Set(['app.name', 'call.sip_call_id', 'call.sip', 'call.q850', 'desk.tab_call']);
/** Attributes whose value a person reads. */
const SHOWN =
  /\b(label|title|placeholder|aria-label|description|alt|error)=(?:"([^"]*)"|\{['"`]([^'"`{]*)['"`]\})/g;

/** What i18next adds to a key by the count. */
const PLURAL = /_(one|other)$/;

const problems = [];
const texts = Object.fromEntries(
  LANGUAGES.map((language) => [
    language,
    Object.assign({}, ...PARTS.map((part) => flat(read(`${part}${language}.json`)))),
  ]),
);
const sources = readdirSync(SRC, { recursive: true })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(SRC, name), 'utf8') }));

sameKeys();
samePlaceholders();
translated();
everyKeyUsed();
noLiteralText();

for (const problem of problems) console.error(problem);
console.log(
  `texts: ${Object.keys(texts.en).length} keys, ${LANGUAGES.length} languages, ${problems.length} problems`,
);
process.exit(problems.length > 0 ? 1 : 0);

function read(name) {
  return JSON.parse(readFileSync(`${SRC}texts/${name}`, 'utf8'));
}

function flat(node, prefix = '', out = {}) {
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === 'string') out[prefix + key] = value;
    else flat(value, `${prefix}${key}.`, out);
  }
  return out;
}

function sameKeys() {
  const all = new Set(LANGUAGES.flatMap((language) => Object.keys(texts[language])));
  for (const key of all) {
    for (const language of LANGUAGES) {
      if (!texts[language][key]?.trim()) problems.push(`${language}.json: ${key} is missing`);
    }
  }
}

function samePlaceholders() {
  for (const [key, text] of Object.entries(texts.en)) {
    for (const language of LANGUAGES) {
      if (placeholders(text) !== placeholders(texts[language][key] ?? '')) {
        problems.push(`${language}.json: ${key} has other placeholders than en.json`);
      }
    }
  }
}

function placeholders(text) {
  return [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].sort().join();
}

function translated() {
  for (const [key, text] of Object.entries(texts.zh)) {
    if (text === texts.en[key] && !SAME.has(key)) problems.push(`zh.json: ${key} is not translated`);
  }
}

/** A key is used by its full name, or by a group name in a template or a call of `word`. */
function everyKeyUsed() {
  const code = sources.map(({ text }) => text).join('\n');
  for (const key of Object.keys(texts.en)) {
    const group = key.slice(0, key.lastIndexOf('.'));
    const used =
      code.includes(`'${key}'`) ||
      code.includes(`'${key.replace(PLURAL, '')}'`) ||
      code.includes(`\`${group}.\${`) ||
      code.includes(`'${group}'`) ||
      code.includes(`\`${group}.${key.slice(group.length + 1).split('_')[0]}_\${`);
    if (!used) problems.push(`en.json: ${key} is used nowhere`);
  }
}

function noLiteralText() {
  for (const { name, text } of sources.filter((source) => source.name.endsWith('.tsx'))) {
    for (const match of text.matchAll(SHOWN)) {
      if (/\p{L}/u.test(match[2] ?? match[3] ?? ''))
        problems.push(`src/${name}: literal text in ${match[0]}`);
    }
  }
}
