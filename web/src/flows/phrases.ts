// What the editor itself says, in the language of the page.

import { EditorState, type Extension } from '@codemirror/state';
import i18next from 'i18next';

const PHRASES = {
  Find: 'find',
  Replace: 'replace_with',
  next: 'next',
  previous: 'previous',
  all: 'all',
  'match case': 'match_case',
  regexp: 'regexp',
  'by word': 'by_word',
  replace: 'replace',
  'replace all': 'replace_all',
  close: 'close',
  'Go to line': 'go_to_line',
  go: 'go',
  'current match': 'current_match',
  'on line': 'on_line',
  'replaced $ matches': 'replaced',
  'replaced match on line $': 'replaced_on',
  'Fold line': 'fold',
  'Unfold line': 'unfold_line',
  'folded code': 'folded',
  unfold: 'unfold',
  Completions: 'completions',
  Diagnostics: 'diagnostics',
  'No diagnostics': 'no_diagnostics',
} as const;

/** As they are when the editor is made: it does not follow a change of language. */
export function phrases(): Extension {
  const words = Object.entries(PHRASES).map(([own, key]) => [own, i18next.t(`editor.${key}`)]);
  return EditorState.phrases.of(Object.fromEntries(words) as Record<string, string>);
}
