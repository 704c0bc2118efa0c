// Fails when a Mantine component is used where its style sheet is not loaded: the library does not bring them along, and a page
// that is opened first must not depend on what others have loaded before.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

const SOURCES = new URL('../src/', import.meta.url);
const SHEETS = new URL('../node_modules/@mantine/core/styles/', import.meta.url);
/** Pages that import `texts/wide`, and with it the sheets of `mantine-wide.css`. */
const WIDE = /^(admin|board|calls|customers|flows|people|reports|system)\//;
/** What components are made of. */
const PARTS = {
  Checkbox: ['InlineInput'],
  Switch: ['InlineInput'],
  Radio: ['InlineInput'],
  Modal: ['ModalBase', 'Overlay'],
  SegmentedControl: ['FloatingIndicator'],
  Select: ['Combobox', 'Input'],
  Autocomplete: ['Combobox', 'Input'],
  MultiSelect: ['Combobox', 'Input', 'Pill', 'PillsInput'],
  TagsInput: ['Combobox', 'Input', 'Pill', 'PillsInput'],
};

const read = (file) => readFileSync(new URL(file, SOURCES), 'utf8');
const first = sheetsIn(read('app/mantine.css'));
const wide = sheetsIn(read('ui/mantine-wide.css'));
const files = readdirSync(SOURCES, { recursive: true }).filter((file) => file.endsWith('.tsx'));
const missing = files.flatMap((file) => {
  const text = read(file);
  const loaded = new Set([...first, ...(WIDE.test(file) ? wide : []), ...sheetsIn(text)]);
  const lacking = neededBy(text).filter((sheet) => !loaded.has(sheet));
  return lacking.map((sheet) => `src/${file}: @mantine/core/styles/${sheet}.css is not loaded`);
});
for (const problem of missing) console.error(problem);
console.log(`styles: ${files.length} files, ${missing.length} problems`);
process.exit(missing.length > 0 ? 1 : 0);

function sheetsIn(text) {
  return [...text.matchAll(/@mantine\/core\/styles\/(\w+)\.css/g)].map(([, sheet]) => sheet);
}

/** The sheets of the components that a file imports. */
function neededBy(text) {
  const imports = [...text.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)].map(([, names]) => names);
  const names = imports.flatMap((list) => list.match(/\b[A-Z]\w+/g) ?? []);
  const sheets = names.flatMap((name) => [name, ...(PARTS[name] ?? [])]);
  return sheets.filter((sheet) => existsSync(new URL(`${sheet}.css`, SHEETS)));
}
