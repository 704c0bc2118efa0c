// A call outlives a reload of its page: what names it is kept for the page that comes next, for a few seconds.

/** By what a call is known (RFC 3261 §12), as this phone sees it. */
export interface Dialog {
  call: string;
  local: string;
  remote: string;
}

interface Kept extends Dialog {
  at_ms: number;
}

/** Of this tab alone. */
const KEY = 'hotline.phone.call';
/** A page that comes later finds its call over: the server does not wait longer for sound. */
export const KEPT_MS = 10_000;
/** A page that crashes does not say so. */
const TOUCH_EVERY_MS = 2_000;

/** Keeps it, as of now, until the returned function is called: with true if the call is over. */
export function keep(dialog: Dialog): (over: boolean) => void {
  const touch = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...dialog, at_ms: Date.now() }));
    } catch {
      // The browser's store is forbidden: a reload ends the call.
    }
  };
  touch();
  const timer = setInterval(touch, TOUCH_EVERY_MS);
  window.addEventListener('pagehide', touch);
  return (over) => {
    clearInterval(timer);
    window.removeEventListener('pagehide', touch);
    if (over) sessionStorage.removeItem(KEY);
  };
}

/** The call of the page before, if it can go on. It is given once. */
export function takeKept(now_ms: number = Date.now()): Dialog | null {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return null;
  sessionStorage.removeItem(KEY);
  try {
    const { at_ms, ...dialog } = JSON.parse(text) as Kept;
    return now_ms - at_ms < KEPT_MS ? dialog : null;
  } catch {
    // Written by something else under our name.
    return null;
  }
}

/** The header that puts this phone in the place of the one that had the call (RFC 3891): the tags as the other side has them. */
export function replaces({ call, local, remote }: Dialog): string {
  return `Replaces: ${call};to-tag=${remote};from-tag=${local}`;
}
