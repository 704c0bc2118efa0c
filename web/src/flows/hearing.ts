// The prompts of a made-up call, one after the other, as its caller would hear them.

import { useCallback, useEffect, useRef, useState } from 'react';
import { promptUrl } from '../api/prompts';
import type { FlowTest } from '../api/types';

export interface Hearing {
  /** The place in the transcript of what is being heard; null if nothing is. */
  now: number | null;
  /** The place of what could not be played. */
  failed: number | null;
  /** Plays what these places hold. */
  play(transcript: FlowTest['transcript'], places: readonly number[]): void;
  stop(): void;
}

export function useHearing(): Hearing {
  const audio = useRef<HTMLAudioElement | null>(null);
  const [now, setNow] = useState<number | null>(null);
  const [failed, setFailed] = useState<number | null>(null);
  const stop = useCallback(() => {
    audio.current?.pause();
    audio.current = null;
    setNow(null);
  }, []);
  useEffect(() => stop, [stop]);
  const play = useCallback(
    (transcript: FlowTest['transcript'], places: readonly number[]) => {
      stop();
      setFailed(null);
      const next = ([place, ...rest]: readonly number[]) => {
        const prompt = place === undefined ? null : (transcript[place]?.prompt ?? null);
        if (place === undefined || prompt === null) {
          stop();
          return;
        }
        const sound = new Audio(promptUrl(prompt.language, prompt.name));
        audio.current = sound;
        setNow(place);
        const wrong = () => {
          // What was stopped meanwhile has not failed.
          if (audio.current !== sound) return;
          stop();
          setFailed(place);
        };
        sound.addEventListener('ended', () => audio.current === sound && next(rest));
        sound.addEventListener('error', wrong);
        void sound.play().catch(wrong);
      };
      next(places);
    },
    [stop],
  );
  return { now, failed, play, stop };
}

/** Places of what can be heard, from the `from`th such place on. */
export function heardFrom(transcript: FlowTest['transcript'], from = 0): number[] {
  return transcript.flatMap(({ prompt }, place) => (prompt === null ? [] : [place])).slice(from);
}
