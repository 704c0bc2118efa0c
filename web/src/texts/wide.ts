// The words of the pages that are loaded lazily; each of those imports this before it shows anything.

import '../ui/mantine-wide.css';
import i18next from 'i18next';
import type { WideTexts } from '.';
import en from './wide.en.json';
import zh from './wide.zh.json';

// Typed so that a text missing in one language does not compile.
const WORDS: Record<string, WideTexts> = { en, 'zh-CN': zh };

const added = new Set<string>();

/** Joins the words of a language that is there. */
function add(language: string): void {
  const words = WORDS[language];
  if (!words || added.has(language) || !i18next.hasResourceBundle(language, 'translation')) return;
  added.add(language);
  i18next.addResourceBundle(language, 'translation', words, true);
}

for (const language of Object.keys(WORDS)) add(language);
// A language may come later.
i18next.store.on('added', add);
