// Sounds that the page makes itself: the bell, the levels of what is heard, and the own voice played back.

import { openMicrophone, release, soundAt } from './devices';

/** The bell: two tones, so long on and off. */
const BELL_HZ = [520, 660] as const;
const BELL_ON_S = 1.2;
const BELL_EVERY_S = 3;
const BELL_GAIN = 0.12;
/** For how long the echo test listens. */
const ECHO_MS = 3_000;

/** Rings at a device until the returned function is called. */
export function ring(device: string): () => void {
  const context = new AudioContext();
  const way = context.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = way.stream;
  let quiet = false;
  const bell = () => {
    if (quiet) return;
    const gain = context.createGain();
    gain.gain.setValueAtTime(BELL_GAIN, context.currentTime);
    gain.gain.setTargetAtTime(0, context.currentTime + BELL_ON_S - 0.1, 0.03);
    gain.connect(way);
    for (const hz of BELL_HZ) {
      const tone = context.createOscillator();
      tone.frequency.value = hz;
      tone.connect(gain);
      tone.start();
      tone.stop(context.currentTime + BELL_ON_S);
    }
  };
  void soundAt(element, device).then(() => {
    if (quiet) return;
    // A browser that wants to be touched first lets nothing sound; the notification is there all the same.
    element.play().catch(() => {});
    void context.resume();
    bell();
  });
  const timer = setInterval(bell, BELL_EVERY_S * 1_000);
  return () => {
    if (quiet) return;
    quiet = true;
    clearInterval(timer);
    element.srcObject = null;
    void context.close();
  };
}

export interface Meter {
  /** From 0 (nothing) to 1 (too loud), of the last moment. */
  level(): number;
  close(): void;
}

/** Quieter than this is nothing, in decibels of full scale. */
const FLOOR_DB = -60;

export function meter(stream: MediaStream): Meter {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  void context.resume();
  const samples = new Float32Array(analyser.fftSize);
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      return levelOf(samples);
    },
    close: () => void context.close(),
  };
}

/** Where the loudness of samples stands between nothing and full scale, on a scale of decibels. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const loudness_db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, 1 - loudness_db / FLOOR_DB));
}

export type EchoStep = 'listening' | 'playing' | 'done';

/**
 * Listens for three seconds and plays what was heard at the speaker. Nothing leaves the browser.
 *
 * Throws what the browser throws when it gives no microphone.
 */
export async function echo(
  speaker: string,
  step: (step: EchoStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const microphone = await openMicrophone();
  try {
    const pieces: Blob[] = [];
    const recorder = new MediaRecorder(microphone);
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const stopped = new Promise<void>((resolve) => {
      recorder.onstop = () => resolve();
    });
    recorder.start();
    step('listening');
    await pause(ECHO_MS, signal);
    recorder.stop();
    await stopped;
    if (signal.aborted) return;
    step('playing');
    await play(new Blob(pieces, { type: recorder.mimeType }), speaker, signal);
  } finally {
    release(microphone);
    step('done');
  }
}

/** The content policy of the page lets no sound come from an address that it made, so the samples are played. */
async function play(sound: Blob, speaker: string, signal: AbortSignal): Promise<void> {
  const context = new AudioContext();
  const element = new Audio();
  try {
    const way = context.createMediaStreamDestination();
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(await sound.arrayBuffer());
    source.connect(way);
    element.srcObject = way.stream;
    await soundAt(element, speaker);
    await element.play();
    await context.resume();
    source.start();
    await pause(source.buffer.duration * 1_000, signal);
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

/** Ends early when the signal says so. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
