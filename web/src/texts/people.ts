// The words of the pages of people and system; each of those imports this before it shows anything.

import './admin';
import type { PeopleTexts } from '.';
import { joinWords } from './join';
import en from './people.en.json';
import zh from './people.zh.json';

// Typed so that a text missing in one language does not compile.
const WORDS: Record<string, PeopleTexts> = { en, 'zh-CN': zh };

joinWords(WORDS);
