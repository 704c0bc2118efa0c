// A tone when a queue comes to its second limit, for those who look elsewhere.

import { useEffect, useRef } from 'react';
import { useLiveStore } from '../live/store';
import { onTick, serverNow } from '../ui/now';
import type { QueueFigures } from './figures';
import { level, useLimits } from './limits';

const TONE_HZ = 660;
const TONE_S = 0.35;

let audio: AudioContext | null = null;

export function beep(): void {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.frequency.value = TONE_HZ;
  loudness.gain.setValueAtTime(0.12, audio.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + TONE_S);
  tone.connect(loudness).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + TONE_S);
}

/** Sounds once for each queue that gets bad, not while it stays so: looked at once a second, for waiting itself makes a queue bad. */
export function useQueueSound(rows: () => readonly QueueFigures[]): void {
  const [limits] = useLimits();
  const store = useLiveStore();
  const bad = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const look = () => {
      const now_ms = serverNow(store.view());
      const isBad = ({ waiting, longest }: QueueFigures) =>
        level(limits.waiting, waiting) === 'bad' ||
        (longest !== null && level(limits.longest_s, (now_ms - Date.parse(longest)) / 1000) === 'bad');
      const current = new Set(
        rows()
          .filter(isBad)
          .map(({ id }) => id),
      );
      const more = [...current].some((id) => !bad.current.has(id));
      bad.current = current;
      if (more) beep();
    };
    return limits.sound ? onTick(look) : undefined;
  }, [rows, limits, store]);
}
