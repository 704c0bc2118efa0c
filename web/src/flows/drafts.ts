// A text that is not saved yet is kept in this browser with each key stroke.

const PREFIX = 'hotline.flow.';

export interface Draft {
  text: string;
  /** The tag of what it was begun from. */
  tag: string;
}

export function readDraft(flow: string): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + flow) ?? 'null') as Draft | null;
  } catch {
    return null;
  }
}

export function keepDraft(flow: string, draft: Draft | null): void {
  try {
    if (draft === null) localStorage.removeItem(PREFIX + flow);
    else localStorage.setItem(PREFIX + flow, JSON.stringify(draft));
  } catch {
    // Without room the draft lives as long as the page.
  }
}
