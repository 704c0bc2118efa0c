// The words of the pages that are loaded lazily; each of those imports this before it shows anything.

import '../ui/mantine-wide.css';
import i18next from 'i18next';
import type { WideTexts } from '.';
import en from './wide.en.json';
import zh from './wide.zh.json';

// Typed so that a text missing in one language does not compile.
const chinese: WideTexts = zh;

i18next.addResourceBundle('en', 'translation', en, true);
i18next.addResourceBundle('zh-CN', 'translation', chinese, true);
