// Words of pages that are loaded lazily come to those of the first page.

import i18next from 'i18next';

/** Joins the words of each language that is there or comes later. `words` are by the language's tag. */
export function joinWords(words: Record<string, object>): void {
  const added = new Set<string>();
  const add = (language: string) => {
    const own = words[language];
    if (!own || added.has(language) || !i18next.hasResourceBundle(language, 'translation')) return;
    added.add(language);
    i18next.addResourceBundle(language, 'translation', own, true);
  };
  for (const language of Object.keys(words)) add(language);
  i18next.store.on('added', add);
}
