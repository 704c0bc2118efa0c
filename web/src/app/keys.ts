// The keys of the desk. Function keys and Alt with a letter, because they work while one types and browsers leave them alone.

export const KEYS = {
  ready: 'F2',
  not_ready: 'F4',
  help_me: 'F7',
  note: 'F8',
  dial: 'F9',
  pick_up: 'alt+P',
  answer: 'alt+A',
  hold: 'alt+H',
  mute: 'alt+M',
  keypad: 'alt+K',
  record: 'alt+R',
  swap: 'alt+S',
  conference: 'alt+C',
  complete: 'alt+G',
  back: 'alt+B',
  hang_up: 'alt+X',
  longer: 'alt+L',
  disposition: 'alt+O',
  save: 'mod+S',
  help: 'mod+/',
} as const;

export type Key = keyof typeof KEYS;

/** As it is printed: `mod` is Ctrl, or ⌘ on a Mac. */
export function keyName(key: string): string {
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return key.replace('mod+', mac ? '⌘' : 'Ctrl+').replace('alt+', mac ? '⌥' : 'Alt+');
}

/** Of the pages at the left, by their place from 0: a digit known by where it lies. */
export function pageKey(index: number): string {
  return `alt+digit${index + 1}`;
}

export function pageKeyName(index: number): string {
  return keyName(`alt+${index + 1}`);
}

/** For `useHotkeys`: a letter with Alt is known by where it lies, since on a Mac it types another character. */
export function hotkey(key: Key, run: () => void): [string, () => void, { usePhysicalKeys: boolean }] {
  return [KEYS[key], run, { usePhysicalKeys: KEYS[key].startsWith('alt+') }];
}
