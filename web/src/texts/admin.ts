// The words of the admin pages; each of those imports this before it shows anything.

import './wide';
import type { AdminTexts } from '.';
import en from './admin.en.json';
import zh from './admin.zh.json';
import { joinWords } from './join';

// Typed so that a text missing in one language does not compile.
const WORDS: Record<string, AdminTexts> = { en, 'zh-CN': zh };

joinWords(WORDS);
