// The call of a visitor by JsSIP: to the one number that the pass is for, and no other. Loaded when somebody calls (`/call-us-phone.js`).

import { UA, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { Trouble } from './texts';

/** By what the visitor calls, once. */
export interface Guest {
  uri: string;
  user: string;
  password: string;
  target: string;
  socket: string;
  /** By whom sound goes where a network lets none through to the server itself. */
  ice_servers: RTCIceServer[];
}

export type Step = 'connecting' | 'ringing' | 'talking' | 'over' | Trouble;

export interface GuestCall {
  hangUp(): void;
  mute(muted: boolean): void;
  /** Presses a key (RFC 4733). */
  press(key: string): void;
}

/** For how long the server may take to be there. */
const CONNECT_MS = 10_000;

/** Calls, and tells each step; the last one is `over` or a trouble. `server` is its origin. */
export function callAsGuest(
  server: string,
  guest: Guest,
  microphone: MediaStream,
  tell: (step: Step) => void,
): GuestCall {
  const address = new URL(guest.socket, server);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  const agent = new UA({
    sockets: [new WebSocketInterface(address.href)],
    uri: guest.uri,
    authorization_user: guest.user,
    password: guest.password,
    register: false,
    session_timers: false,
    user_agent: 'Hotline visitor',
  });
  const sound = new Audio();
  let session: RTCSession | null = null;
  let ended = false;
  const end = (step: Step) => {
    if (ended) return;
    ended = true;
    clearTimeout(patience);
    sound.srcObject = null;
    for (const track of microphone.getTracks()) track.stop();
    agent.stop();
    tell(step);
  };
  const patience = setTimeout(() => end('gone'), CONNECT_MS);
  tell('connecting');
  agent.on('connected', () => {
    clearTimeout(patience);
    if (session !== null || ended) return;
    session = agent.call(guest.target, {
      mediaStream: microphone,
      pcConfig: { iceServers: guest.ice_servers },
    });
    session.on('progress', () => tell('ringing'));
    session.on('confirmed', () => tell('talking'));
    session.on('ended', ({ cause }) => end(cause === 'RTP Timeout' ? 'no_way' : 'over'));
    session.on('failed', ({ originator, message, cause }) => {
      const status = (message as { status_code?: number } | undefined)?.status_code;
      end(`${originator}` === 'local' && cause === 'Canceled' ? 'over' : failure(status, cause));
    });
    session.on('icecandidate', ({ ready }) => ready());
    session.connection.addEventListener('track', ({ track, streams: [stream] }) => {
      sound.srcObject = stream ?? new MediaStream([track]);
      void sound.play();
    });
  });
  agent.start();
  return {
    hangUp() {
      if (session === null || session.isEnded()) end('over');
      else session.terminate();
    },
    mute(muted) {
      if (muted) session?.mute({ audio: true });
      else session?.unmute({ audio: true });
    },
    press(key) {
      session?.sendDTMF(key, { transportType: 'RFC2833' as never });
    },
  };
}

/** What to tell a visitor of an answer. */
export function failure(status: number | undefined, cause: string): Step {
  if (cause === 'RTP Timeout') return 'no_way';
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 407:
      return 'not_allowed';
    case 486:
    case 503:
    case 600:
      return 'busy';
    case 408:
    case 480:
    case 487:
    case 603:
      return 'no_answer';
    default:
      return 'gone';
  }
}
