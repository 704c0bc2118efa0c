// Times the way people read them.

import i18next from 'i18next';
import { expect, it } from 'vitest';
import { clock, languageName, short, timeWithMs, word } from './format';

it.each([
  [0, '0:00'],
  [59_999, '0:59'],
  [75_000, '1:15'],
  [3_725_000, '1:02:05'],
  [-400, '0:00'],
])('%d ms is %s', (ms, text) => {
  expect(clock(ms)).toBe(text);
});

it.each([
  [4, '4 ms'],
  [999, '999 ms'],
  [3_911, '3.91 s'],
  [15_000, '0:15'],
])('%d ms between is %s', (ms, text) => {
  expect(short(ms)).toBe(text);
});

it('milliseconds keep their zeros', () => {
  expect(timeWithMs('2025-11-23T10:00:00.007Z')).toMatch(/\.007$/);
});

it('languages are named in the language of the page', async () => {
  expect(languageName('zh-CN')).toMatch(/Chinese/);
  await i18next.changeLanguage('zh-CN');
  expect(languageName('en')).toBe('英语');
  expect(languageName('not a tag')).toBe('not a tag');
});

it('a word that this page does not know stands as it is', () => {
  expect(word(i18next.t, 'agent.reason', 'break')).toBe('Break');
  expect(word(i18next.t, 'agent.reason', 'fire_drill')).toBe('fire drill');
});
