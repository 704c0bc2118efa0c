// The phone of this browser: whether it is switched on, how it stands, and the call it has. One page of a browser has it at a time.

import { useSyncExternalStore } from 'react';
import { openMicrophone, release } from './devices';
import type { Line } from './line';
import { askPass } from './pass';
import { after, OFF, obstacle, type PhoneEvent, type PhoneView, whyNoMicrophone } from './standing';

/** Remembered by this browser. */
const KEY = 'hotline.phone.on';
/** Who has this lock has the phone; a page that is gone has it no more. */
const LOCK = 'hotline.phone';

/** What the phone needs of its surroundings. */
export interface Surroundings {
  line(tell: (event: PhoneEvent) => void): Promise<Pick<Line, keyof Line>>;
}

const BROWSER: Surroundings = {
  line: async (tell) => new (await import('./line')).Line(tell, askPass),
};

export class Phone {
  readonly #around: Surroundings;
  readonly #changed = new Set<() => void>();
  #view: PhoneView = OFF;
  #line: Pick<Line, keyof Line> | null = null;
  #run: AbortController | null = null;

  constructor(around: Surroundings = BROWSER) {
    this.#around = around;
  }

  readonly view = (): PhoneView => this.#view;

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  /** Works until the returned function is called, if this browser's phone is switched on. */
  open(): () => void {
    if (localStorage.getItem(KEY) === '1') void this.#start();
    return () => this.#stop();
  }

  switchOn(): void {
    localStorage.setItem(KEY, '1');
    void this.#start();
  }

  switchOff(): void {
    localStorage.removeItem(KEY);
    this.#stop();
  }

  answer(): void {
    if (this.#view.call === 'ringing') void this.#line?.answer();
  }

  hangUp(): void {
    this.#line?.hangUp();
  }

  press(key: string): void {
    this.#line?.press(key);
  }

  applyDevices(): Promise<void> {
    return this.#line?.applyDevices() ?? Promise.resolve();
  }

  streams(): ReturnType<Line['streams']> {
    return this.#line?.streams() ?? { said: null, heard: null };
  }

  async #start(): Promise<void> {
    this.#stop();
    const run = new AbortController();
    this.#run = run;
    const inTheWay = obstacle();
    if (inTheWay !== null) return this.#tell({ kind: 'stands', as: inTheWay });
    this.#tell({ kind: 'stands', as: 'asking' });
    try {
      release(await openMicrophone());
    } catch (error) {
      if (run.signal.aborted) return;
      this.#tell({ kind: 'stands', as: whyNoMicrophone(error) });
      await this.#awaitMicrophone(run.signal);
      return;
    }
    if (!run.signal.aborted) await this.#takeTurn(run.signal);
  }

  #stop(): void {
    this.#run?.abort();
    this.#run = null;
    this.#tell({ kind: 'stands', as: 'off' });
  }

  /** Tries again when the microphone is allowed, or one is plugged in. */
  async #awaitMicrophone(signal: AbortSignal): Promise<void> {
    const again = () => {
      if (!signal.aborted) void this.#start();
    };
    navigator.mediaDevices.addEventListener('devicechange', again, { signal, once: true });
    try {
      const permission = await navigator.permissions.query({ name: 'microphone' as PermissionName });
      permission.addEventListener('change', again, { signal, once: true });
    } catch {
      // This browser does not say; the button does it.
    }
  }

  /** Waits until no other page of this browser is the phone. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    const hold = () => this.#hold(signal);
    const held = await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await hold();
      return lock !== null;
    });
    if (held || signal.aborted) return;
    this.#tell({ kind: 'stands', as: 'elsewhere' });
    await navigator.locks.request(LOCK, { signal }, hold).catch(() => {});
  }

  async #hold(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#tell({ kind: 'stands', as: 'connecting' });
    const tell = (event: PhoneEvent) => {
      if (!signal.aborted) this.#tell(event);
    };
    const line = await this.#around.line(tell).catch(() => null);
    if (line === null) return tell({ kind: 'stands', as: 'lost' });
    if (signal.aborted) return;
    this.#line = line;
    window.addEventListener('beforeunload', this.#warn);
    const over = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
    void line.open();
    await over;
    window.removeEventListener('beforeunload', this.#warn);
    if (this.#line === line) this.#line = null;
    line.close();
  }

  /** Whoever leaves during a call is asked whether that is meant. */
  readonly #warn = (event: BeforeUnloadEvent): void => {
    if (this.#view.call !== null) event.preventDefault();
  };

  #tell(event: PhoneEvent): void {
    const next = after(this.#view, event);
    if (next === this.#view) return;
    this.#view = next;
    for (const changed of this.#changed) changed();
  }
}

/** That of this page. */
export const phone = new Phone();

export function usePhone(): PhoneView {
  return useSyncExternalStore(phone.subscribe, phone.view);
}
