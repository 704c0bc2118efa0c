// The keys of the desk. Function keys, because they work while one types and no browser needs these.

export const KEYS = {
  ready: 'F2',
  not_ready: 'F4',
  note: 'F8',
  dial: 'F9',
  save: 'mod+S',
  help: 'mod+/',
} as const;

/** As it is printed: `mod` is Ctrl, or ⌘ on a Mac. */
export function keyName(key: string): string {
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return key.replace('mod+', mac ? '⌘' : 'Ctrl+');
}
