// The picture of a recording on the call's axis of time: the customer above, the agent below.

import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { peaksQuery } from '../api/calls';
import type { Recording } from '../api/types';
import css from './Timeline.module.css';
import type { Timeline } from './timeline';

export const POINTS = 1200;
const HEIGHT_PX = 72;
const AMPLITUDE = 32_768;
/** Quiet speech is to be seen too: the picture shows the root of the amplitude. */
const SHAPE = 0.5;

interface Props {
  call: string;
  recording: Recording;
  line: Timeline;
  hear(at_s: number): void;
}

export function Waveform({ call, recording, line, hear }: Props) {
  const { t } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const query = useQuery(peaksQuery(call, recording.id, POINTS));
  const span_ms = line.to_ms - line.from_ms;
  const began_ms = Date.parse(recording.started_at) - line.from_ms;
  const length_ms = recording.duration_ms ?? query.data?.duration_ms ?? 0;
  useEffect(() => {
    const element = canvas.current;
    if (!element || !query.data) return;
    const draw = () => paint(element, query.data.channels);
    draw();
    const watch = new ResizeObserver(draw);
    watch.observe(element);
    return () => watch.disconnect();
  }, [query.data]);
  const click = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    hear(((event.clientX - box.left) / box.width) * (length_ms / 1000));
  };
  return (
    <canvas
      ref={canvas}
      role="img"
      className={css.wave}
      aria-label={t('timeline.wave')}
      style={{
        left: `${(100 * began_ms) / span_ms}%`,
        width: `${(100 * length_ms) / span_ms}%`,
        height: HEIGHT_PX,
      }}
      onClick={click}
    />
  );
}

function paint(canvas: HTMLCanvasElement, channels: number[][]): void {
  const scale = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth * scale, HEIGHT_PX * scale];
  if (width === 0) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(canvas);
  const colours = [style.getPropertyValue('--tone-wrap'), style.getPropertyValue('--tone-talking')];
  const half = height / (2 * Math.max(1, channels.length));
  channels.forEach((channel, index) => {
    const middle = half * (2 * index + 1);
    const step = width / channel.length;
    context.fillStyle = colours[index] ?? '';
    channel.forEach((peak, at) => {
      const tall = Math.max(scale / 2, (peak / AMPLITUDE) ** SHAPE * half);
      context.fillRect(at * step, middle - tall, Math.max(step, scale / 2), 2 * tall);
    });
  });
}
