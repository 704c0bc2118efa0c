// SIP over a WebSocket and sound by WebRTC: one registration, one call at a time. It is loaded when the phone is switched on.

import { UA, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import { chosenDevices, openMicrophone, release, soundAt } from './devices';
import { type Dialog, keep, replaces, takeKept } from './handover';
import { ring } from './sound';
import { type PhoneEvent, type Trouble, whyNoMicrophone } from './standing';

/** For how long a registration holds. A page that is gone is found by its WebSocket long before. */
const REGISTERED_S = 300;
/** How long after a failure it is tried again; each time longer. */
const AGAIN_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const;
const RECONNECT_S = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 8 };
const DECLINED = { status_code: 603, reason_phrase: 'Decline' };
const BUSY = { status_code: 486, reason_phrase: 'Busy Here' };

type SipCause = 'Rejected' | 'Authentication Error';

export interface PhonePass {
  uri: string;
  user: string;
  /** It holds for a minute. */
  password: string;
  /** The path of the WebSocket, at the address of this page. */
  socket: string;
  /** By whom sound goes where a network lets none through to the server itself; nobody is asked for addresses. */
  ice_servers: RTCIceServer[];
}

export class Line {
  readonly #tell: (event: PhoneEvent) => void;
  readonly #ask: () => Promise<PhonePass | Trouble>;
  readonly #audio = new Audio();
  #ua: UA | null = null;
  #ways: RTCConfiguration = { iceServers: [] };
  #session: RTCSession | null = null;
  #microphone: MediaStream | null = null;
  #heard: MediaStream | null = null;
  #unring: () => void = () => {};
  #unkeep: (over: boolean) => void = () => {};
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `ask` gives a password whenever one is needed. */
  constructor(tell: (event: PhoneEvent) => void, ask: () => Promise<PhonePass | Trouble>) {
    this.#tell = tell;
    this.#ask = ask;
  }

  /** Registers, and does so until it is closed. */
  async open(): Promise<void> {
    const pass = await this.#pass();
    if (pass === null || this.#closed) return;
    const ua = new UA({
      sockets: [new WebSocketInterface(socketAt(pass.socket, location))],
      uri: pass.uri,
      authorization_user: pass.user,
      password: pass.password,
      // Each time with a password of its own.
      register: false,
      register_expires: REGISTERED_S,
      session_timers: false,
      user_agent: 'Hotline page',
      ...RECONNECT_S,
    });
    this.#ua = ua;
    let first: PhonePass | null = pass;
    ua.on('connected', () => {
      void this.#register(first);
      first = null;
    });
    ua.on('disconnected', () => this.#tell({ kind: 'stands', as: 'lost' }));
    ua.on('registrationExpiring', () => void this.#register());
    ua.on('registered', () => this.#registered());
    ua.on('registrationFailed', ({ cause }) => this.#refused(cause as SipCause | undefined));
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
      if (isIncoming(event)) this.#incoming(event);
    });
    ua.start();
  }

  /** Says good-bye, and hangs up. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#ua?.stop();
    this.#over(this.#session, true);
  }

  async answer(): Promise<void> {
    const session = this.#session;
    if (session === null || !session.isInProgress() || session.direction !== 'incoming') return;
    this.#unring();
    this.#tell({ kind: 'call', phase: 'answering' });
    const microphone = await this.#openMicrophone();
    if (microphone === null) {
      // It rings on: elsewhere, or here once the microphone is there.
      if (this.#session === session) this.#rings();
      return;
    }
    if (this.#session !== session || session.isEnded()) release(microphone);
    else {
      this.#microphone = microphone;
      session.answer({ mediaStream: microphone, pcConfig: this.#ways });
    }
  }

  /** Declines what rings, and ends what runs. */
  hangUp(): void {
    const session = this.#session;
    if (session === null || session.isEnded()) return;
    const rings = session.direction === 'incoming' && session.isInProgress();
    session.terminate(rings ? DECLINED : {});
  }

  /** Presses a key toward the other side (RFC 4733). */
  press(key: string): void {
    this.#session?.sendDTMF(key, { transportType: 'RFC2833' as never });
  }

  /** Uses what is chosen now, also in the call that runs. */
  async applyDevices(): Promise<void> {
    await soundAt(this.#audio, chosenDevices().speaker);
    const sender = this.#session?.connection?.getSenders().find(({ track }) => track?.kind === 'audio');
    if (!sender || this.#microphone === null) return;
    const other = await this.#openMicrophone();
    const [track] = other?.getAudioTracks() ?? [];
    if (!track) return;
    await sender.replaceTrack(track);
    release(this.#microphone);
    this.#microphone = other;
  }

  /** What is said and heard in the call that runs. */
  streams(): { said: MediaStream | null; heard: MediaStream | null } {
    return { said: this.#microphone, heard: this.#heard };
  }

  /** A password for the next request; null if none can be had, which is told, and tried again. */
  async #pass(): Promise<PhonePass | null> {
    const pass = await this.#ask();
    if (typeof pass !== 'string') {
      this.#ways = { iceServers: pass.ice_servers };
      return pass;
    }
    this.#tell({ kind: 'stands', as: pass });
    this.#again();
    return null;
  }

  /** With a password that was got a moment ago, or with another. */
  async #register(given: PhonePass | null = null): Promise<void> {
    const pass = given ?? (await this.#pass());
    if (pass === null || this.#closed || !this.#ua?.isConnected()) return;
    this.#ua.set('password', pass.password);
    this.#ua.register();
  }

  #registered(): void {
    this.#failures = 0;
    this.#tell({ kind: 'stands', as: 'registered' });
    const kept = this.#session === null ? takeKept() : null;
    if (kept) void this.#goOn(kept);
  }

  #refused(cause: SipCause | undefined): void {
    if (this.#closed) return;
    const refused = cause === 'Rejected' || cause === 'Authentication Error';
    this.#tell({ kind: 'stands', as: refused ? 'refused' : 'lost' });
    this.#again();
  }

  #again(): void {
    const wait_ms = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#closed) return;
      if (this.#ua === null) void this.open();
      else if (this.#ua.isConnected()) void this.#register();
    }, wait_ms);
  }

  #incoming({ session, request }: IncomingRTCSessionEvent): void {
    const byItself = /answer-after=0|info=alert-autoanswer/.test(
      `${request.getHeader('call-info') ?? ''} ${request.getHeader('alert-info') ?? ''}`,
    );
    const before = this.#session;
    // The server calls anew what somebody took elsewhere on the desk; whatever else comes finds the phone busy.
    if (before !== null && !(byItself && before.isInProgress())) {
      session.terminate(BUSY);
      return;
    }
    if (before !== null) this.#over(before, true);
    this.#follow(session);
    this.#rings();
    if (byItself) void this.answer();
  }

  #rings(): void {
    this.#unring();
    this.#unring = ring(chosenDevices().ringer);
    this.#tell({ kind: 'call', phase: 'ringing' });
  }

  /** Takes the place of the page that was here before, in its call. */
  async #goOn(dialog: Dialog): Promise<void> {
    this.#tell({ kind: 'call', phase: 'returning' });
    const microphone = await this.#openMicrophone();
    const ua = this.#ua;
    if (microphone === null || ua === null || this.#closed || this.#session !== null) {
      release(microphone);
      if (this.#session === null) this.#tell({ kind: 'call_over' });
      return;
    }
    this.#microphone = microphone;
    const options = { mediaStream: microphone, pcConfig: this.#ways, extraHeaders: [replaces(dialog)] };
    this.#follow(ua.call(String(ua.get('uri')), options));
  }

  #follow(session: RTCSession): void {
    this.#session = session;
    session.on('confirmed', () => this.#up(session));
    session.on('ended', () => this.#over(session, true));
    session.on('failed', () => this.#over(session, true));
    // Our side is found by the first address it names, for the server looks for nothing.
    session.on('icecandidate', ({ ready }) => ready());
    if (session.connection) this.#listen(session.connection);
    else session.on('peerconnection', ({ peerconnection }) => this.#listen(peerconnection));
  }

  #up(session: RTCSession): void {
    if (this.#session !== session) return;
    this.#unring();
    this.#unkeep(false);
    const dialog = dialogOf(session);
    if (dialog !== null) this.#unkeep = keep(dialog);
    this.#tell({ kind: 'call', phase: 'up' });
  }

  #over(session: RTCSession | null, over: boolean): void {
    if (session === null || this.#session !== session) return;
    this.#unring();
    this.#unkeep(over);
    this.#unkeep = () => {};
    release(this.#microphone);
    this.#microphone = null;
    this.#heard = null;
    this.#audio.srcObject = null;
    this.#session = null;
    this.#tell({ kind: 'call_over' });
  }

  #listen(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ track, streams: [stream] }) => {
      this.#heard = stream ?? new MediaStream([track]);
      this.#audio.srcObject = this.#heard;
      void soundAt(this.#audio, chosenDevices().speaker).then(() => this.#play());
    });
  }

  /** A browser may want the page to be touched before anything sounds, as after a reload. */
  #play(): void {
    if (this.#audio.srcObject === null) return;
    this.#audio.play().then(
      () => this.#tell({ kind: 'silent', is: false }),
      (error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'NotAllowedError') return;
        this.#tell({ kind: 'silent', is: true });
        const touched = () => {
          for (const kind of TOUCHES) window.removeEventListener(kind, touched);
          this.#play();
        };
        for (const kind of TOUCHES) window.addEventListener(kind, touched);
      },
    );
  }

  async #openMicrophone(): Promise<MediaStream | null> {
    try {
      return await openMicrophone();
    } catch (error) {
      this.#tell({ kind: 'stands', as: whyNoMicrophone(error) });
      return null;
    }
  }
}

/** The WebSocket at the address of this page, which is as safe as the page is. */
export function socketAt(path: string, { protocol, host }: Pick<Location, 'protocol' | 'host'>): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}${path}`;
}

const TOUCHES = ['pointerdown', 'keydown'] as const;

function isIncoming(
  event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent,
): event is IncomingRTCSessionEvent {
  return event.session.direction === 'incoming';
}

/** What the library knows its call by, which it shows to nobody. */
function dialogOf(session: RTCSession): Dialog | null {
  const { _dialog: dialog } = session as unknown as {
    _dialog?: { id: { call_id: string; local_tag: string; remote_tag: string } };
  };
  if (!dialog) return null;
  return { call: dialog.id.call_id, local: dialog.id.local_tag, remote: dialog.id.remote_tag };
}
