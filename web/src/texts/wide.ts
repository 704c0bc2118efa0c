// The words of the pages that are loaded lazily; each of those imports this before it shows anything.

import '../ui/mantine-wide.css';
import type { WideTexts } from '.';
import { joinWords } from './join';
import en from './wide.en.json';
import zh from './wide.zh.json';

// Typed so that a text missing in one language does not compile.
const WORDS: Record<string, WideTexts> = { en, 'zh-CN': zh };

joinWords(WORDS);
