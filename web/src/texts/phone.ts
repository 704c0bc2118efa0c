// The words of the phone in the page; whatever shows them imports this first.

import type { PhoneTexts } from '.';
import { joinWords } from './join';
import en from './phone.en.json';
import zh from './phone.zh.json';

// Typed so that a text missing in one language does not compile.
const WORDS: Record<string, PhoneTexts> = { en, 'zh-CN': zh };

joinWords(WORDS);
