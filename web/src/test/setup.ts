// What the browser has and jsdom lacks, and a clean state before each test.

import { cleanup, configure } from '@testing-library/react';
import i18next from 'i18next';
import { afterEach, beforeEach, vi } from 'vitest';
import { startTexts } from '../texts';

await startTexts(['en', 'zh-CN']);
// Its words join those that are there.
await import('../texts/wide');
await import('../texts/admin');
await import('../texts/people');

window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
    addListener: () => {},
    removeListener: () => {},
  }) as unknown as MediaQueryList;

// A field that grows with its text waits for fonts.
if (!document.fonts) {
  Object.defineProperty(document, 'fonts', { value: new EventTarget() });
}

// A machine that does much else is slow; what comes at once is not waited for.
configure({ asyncUtilTimeout: 10_000 });

window.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  await i18next.changeLanguage('en');
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
