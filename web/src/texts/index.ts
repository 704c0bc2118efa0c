// The words of the pages, in every language, complete in each: those of the first page here, the others in `wide.ts`.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json';
import type wide from './wide.en.json';
import zh from './zh.json';

export const LANGUAGES = [
  { tag: 'en', name: 'English' },
  { tag: 'zh-CN', name: '简体中文' },
] as const;

export type Language = (typeof LANGUAGES)[number]['tag'];

export type Texts = typeof en;

/** The words of the pages that are loaded lazily. */
export type WideTexts = typeof wide;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: Texts & WideTexts };
  }
}

const REMEMBERED = 'hotline.language';

export function currentLanguage(): Language {
  return i18next.language === 'zh-CN' ? 'zh-CN' : 'en';
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(REMEMBERED, language);
  void i18next.changeLanguage(language);
}

/** The one chosen before, else the browser's. */
function firstLanguage(): Language {
  const wanted = localStorage.getItem(REMEMBERED) ?? navigator.language;
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

// Typed so that a text missing in one language does not compile.
const chinese: Texts = zh;

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language;
});

void i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, 'zh-CN': { translation: chinese } },
  lng: firstLanguage(),
  fallbackLng: false,
  nsSeparator: false,
  interpolation: { escapeValue: false },
  initAsync: false,
});
