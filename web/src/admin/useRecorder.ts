// Recording by the microphone of this computer.

import { useCallback, useEffect, useRef, useState } from 'react';
import { decoded, mixed, trimmed } from './wav';

/** Why nothing can be recorded, in a word for `admin_record`. */
export type Obstacle = 'insecure' | 'unsupported' | 'denied' | 'no_microphone' | 'failed';

/** What is longer than prompts may be is cut. */
const LENGTH_MAX_MS = 600_000;

/** What keeps this page from recording, before anybody is asked. */
export function obstacle(): Obstacle | null {
  if (!window.isSecureContext) return 'insecure';
  if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === 'undefined') return 'unsupported';
  return null;
}

export interface Take {
  samples: Float32Array;
  rate: number;
}

export function useRecorder() {
  const [problem, setProblem] = useState<Obstacle | null>(obstacle);
  const [since, setSince] = useState<number | null>(null);
  const [take, setTake] = useState<Take | null>(null);
  const recorder = useRef<MediaRecorder | null>(null);
  const stop = useCallback(() => recorder.current?.state === 'recording' && recorder.current.stop(), []);
  useEffect(
    () => () => {
      recorder.current?.stream.getTracks().forEach((track) => {
        track.stop();
      });
    },
    [],
  );
  const start = async () => {
    setProblem(obstacle());
    setTake(null);
    if (obstacle() !== null) return;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const pieces: Blob[] = [];
      const made = new MediaRecorder(stream);
      recorder.current = made;
      made.ondataavailable = ({ data }) => pieces.push(data);
      made.onstop = () => {
        setSince(null);
        for (const track of stream.getTracks()) track.stop();
        decoded(new Blob(pieces, { type: made.mimeType })).then(
          (buffer) =>
            setTake({ samples: trimmed(mixed(buffer), buffer.sampleRate), rate: buffer.sampleRate }),
          () => setProblem('failed'),
        );
      };
      made.start();
      setSince(Date.now());
      setTimeout(stop, LENGTH_MAX_MS);
    } catch (error) {
      setProblem(why(error));
    }
  };
  return { problem, since, take, start, stop, discard: () => setTake(null) };
}

function why(error: unknown): Obstacle {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' ? 'no_microphone' : 'failed';
}

/** Plays a take; the content policy of the page lets no sound come from anywhere but the server. Returns how to stop it. */
export function play({ samples, rate }: Take, ended: () => void): () => void {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, Math.max(1, samples.length), rate);
  buffer.getChannelData(0).set(samples);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.onended = () => {
    void context.close();
    ended();
  };
  source.start();
  return () => source.stop();
}
