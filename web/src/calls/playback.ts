// One audio element for the recordings of a call: what plays, where it is, how fast, and without its silences.

import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { Silence } from './silence';

/** Before speech begins again, so that its first sound is heard. */
const LEAD_S = 0.25;

export interface Playback {
  audio: RefObject<HTMLAudioElement | null>;
  at_s: number;
  playing: boolean;
  speed: number;
  skipping: boolean;
  setSpeed(speed: number): void;
  setSkipping(skipping: boolean): void;
  toggle(): void;
  /** Goes there and plays. */
  hear(at_s: number): void;
}

export function usePlayback(silences: readonly Silence[]): Playback {
  const audio = useRef<HTMLAudioElement>(null);
  const [at_s, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [speed, chooseSpeed] = useState(1);
  const [skipping, setSkipping] = useState(false);

  useEffect(() => {
    if (!playing) return;
    let frame = requestAnimationFrame(function follow() {
      const element = audio.current;
      if (!element) return;
      const silence =
        skipping &&
        silences.find(
          ({ from_s, to_s }) => element.currentTime > from_s && element.currentTime < to_s - LEAD_S,
        );
      if (silence) element.currentTime = silence.to_s - LEAD_S;
      setAt(element.currentTime);
      if (element.paused || element.ended) setPlaying(false);
      else frame = requestAnimationFrame(follow);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, skipping, silences]);

  const play = useCallback(() => {
    const element = audio.current;
    if (!element) return;
    void element.play().then(
      () => setPlaying(true),
      () => setPlaying(false),
    );
  }, []);
  const toggle = useCallback(() => {
    if (audio.current?.paused) play();
    else audio.current?.pause();
  }, [play]);
  const hear = useCallback(
    (to_s: number) => {
      if (!audio.current) return;
      audio.current.currentTime = to_s;
      setAt(to_s);
      play();
    },
    [play],
  );
  const setSpeed = useCallback((chosen: number) => {
    chooseSpeed(chosen);
    if (audio.current) audio.current.playbackRate = chosen;
  }, []);
  return { audio, at_s, playing, speed, skipping, setSpeed, setSkipping, toggle, hear };
}
