// The words of the pages, in every language, complete in each: those of the first page here, the others in `wide.ts` and `admin.ts`.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type admin from './admin.en.json';
import type en from './en.json';
import type people from './people.en.json';
import type phone from './phone.en.json';
import type wide from './wide.en.json';

export const LANGUAGES = [
  { tag: 'en', name: 'English' },
  { tag: 'zh-CN', name: '简体中文' },
] as const;

export type Language = (typeof LANGUAGES)[number]['tag'];

export type Texts = typeof en;

/** The words of the pages that are loaded lazily. */
export type WideTexts = typeof wide;

/** The words of the admin pages. */
export type AdminTexts = typeof admin;

/** The words of those of people and system. */
export type PeopleTexts = typeof people;

/** The words of the phone in the page. */
export type PhoneTexts = typeof phone;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: Texts & WideTexts & AdminTexts & PeopleTexts & PhoneTexts };
  }
}

const REMEMBERED = 'hotline.language';

export function currentLanguage(): Language {
  return i18next.language === 'zh-CN' ? 'zh-CN' : 'en';
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(REMEMBERED, language);
  await load(language);
  await i18next.changeLanguage(language);
}

/** The one chosen before, else the browser's. */
function firstLanguage(): Language {
  const wanted = localStorage.getItem(REMEMBERED) ?? navigator.language;
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The words of each language come when it is chosen. Typed so that a text missing in one does not compile. */
const WORDS: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import('./en.json'),
  'zh-CN': () => import('./zh.json'),
};

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'translation')) return;
  const { default: words } = await WORDS[language]();
  i18next.addResourceBundle(language, 'translation', words);
}

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language;
});

/** To be waited for before anything is shown. */
export async function startTexts(languages: readonly Language[] = [firstLanguage()]): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    lng: languages[0] ?? 'en',
    fallbackLng: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  for (const language of languages) await load(language);
}
