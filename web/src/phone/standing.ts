// How the phone in this page stands, and what follows from what happens to it. Pure.

/** What keeps the phone from working, in a word for `phone.trouble`. */
export type Trouble =
  | 'insecure'
  | 'unsupported'
  | 'denied'
  | 'no_microphone'
  | 'microphone_busy'
  | 'refused'
  | 'lost'
  | 'failed';

export type Standing = 'off' | 'asking' | 'elsewhere' | 'connecting' | 'registered' | Trouble;

/** Of the call at this phone: it rings, it is being taken, or one goes on that the page before had (`returning`). */
export type CallPhase = 'ringing' | 'answering' | 'returning' | 'up';

export interface PhoneView {
  standing: Standing;
  call: CallPhase | null;
  /** The browser plays nothing until somebody touches the page. */
  silent: boolean;
}

export type PhoneEvent =
  | { kind: 'stands'; as: Standing }
  | { kind: 'call'; phase: CallPhase }
  | { kind: 'call_over' }
  | { kind: 'silent'; is: boolean };

export const OFF: PhoneView = { standing: 'off', call: null, silent: false };

export function after(view: PhoneView, event: PhoneEvent): PhoneView {
  switch (event.kind) {
    case 'stands':
      // A lost connection does not end a call: sound has its own way.
      return event.as === 'off' ? OFF : { ...view, standing: event.as };
    case 'call':
      // What was taken rings no more.
      if (event.phase === 'ringing' && view.call === 'up') return view;
      return { ...view, call: event.phase };
    case 'call_over':
      return { ...view, call: null, silent: false };
    case 'silent':
      return { ...view, silent: event.is };
  }
}

const TROUBLES: readonly Standing[] = [
  'insecure',
  'unsupported',
  'denied',
  'no_microphone',
  'microphone_busy',
  'refused',
  'lost',
  'failed',
] satisfies Trouble[];

export function isTrouble(standing: Standing): standing is Trouble {
  return TROUBLES.includes(standing);
}

/** Why a microphone was not given, from what the browser throws. */
export function whyNoMicrophone(error: unknown): Trouble {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_microphone';
    case 'NotReadableError':
    case 'AbortError':
      return 'microphone_busy';
    default:
      return 'failed';
  }
}

/** What keeps any page here from having a microphone, before anybody is asked. */
export function obstacle(): Trouble | null {
  if (!window.isSecureContext) return 'insecure';
  if (!navigator.mediaDevices?.getUserMedia || typeof RTCPeerConnection === 'undefined') return 'unsupported';
  return null;
}
