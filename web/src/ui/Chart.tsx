// Lines over time. Colours and sizes follow the page.

import 'uplot/dist/uPlot.min.css';
import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { timeOfDay } from '../texts/format';

export interface Series {
  label: string;
  /** A variable of theme.css. */
  colour: string;
  values: (number | null)[];
  /** Drawn as an area, the others as lines. */
  filled?: boolean;
  dashed?: boolean;
  bars?: boolean;
}

interface Props {
  label: string;
  /** Seconds since 1970. */
  times: number[];
  series: Series[];
  format(value: number): string;
  /** In pixels; null is as high as its place. */
  height: number | null;
  /** Of the words at the axes, in pixels. */
  font?: number;
  /** Shares end at 1. */
  max?: number;
}

export function Chart({ label, times, series, format, height, font = 11, max }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const { colorScheme } = useMantineColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are others when the scheme is
  useEffect(() => {
    const element = host.current;
    if (!element || times.length === 0) return;
    const style = getComputedStyle(element);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--dim'),
      font: `${font}px ${style.fontFamily}`,
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      gap: font * 0.6,
    };
    const plot = new uPlot(
      {
        ...sizeOf(element, height),
        legend: { show: false },
        cursor: { y: false },
        scales: { y: { range: (_plot, _low, high) => [0, max ?? Math.max(1, high * 1.1)] } },
        axes: [
          {
            ...axis,
            size: font * 2.6,
            space: font * 7,
            values: (_plot, splits) => splits.map((at) => timeLabel(at, times)),
          },
          { ...axis, size: font * 5, space: font * 3, values: (_plot, splits) => splits.map(format) },
        ],
        series: [
          {},
          ...series.map((one) => ({
            label: one.label,
            stroke: colour(one.colour),
            width: Math.max(1.5, font / 7),
            // No line leads to a value that stands alone.
            points: {
              show: false,
              size: font / 2,
              fill: colour(one.colour),
              filter: () => alone(one.values),
            },
            ...(one.dashed ? { dash: [6, 5] } : {}),
            ...(one.filled ? { fill: `color-mix(in srgb, ${colour(one.colour)} 18%, transparent)` } : {}),
            ...(one.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 60] }) } : {}),
          })),
        ],
      },
      [times, ...series.map(({ values }) => values)] as uPlot.AlignedData,
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize(sizeOf(element, height)));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [times, series, format, height, font, max, colorScheme]);
  const place =
    height === null ? { flex: 1, minHeight: font * 9, overflow: 'hidden' } : { minHeight: height };
  return <div ref={host} role="img" aria-label={label} style={place} />;
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement, height: number | null) {
  return { width: clientWidth, height: height ?? clientHeight };
}

/** Where values are that have none beside them. */
function alone(values: readonly (number | null)[]): number[] {
  const none = (index: number) => (values[index] ?? null) === null;
  return values.flatMap((_, index) => (!none(index) && none(index - 1) && none(index + 1) ? [index] : []));
}

const DAY_S = 86_400;

/** The time of day, or the day where there are several. */
function timeLabel(at_s: number, times: readonly number[]): string {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  if (span <= 2 * DAY_S) return timeOfDay(at_s * 1000, false);
  const at = new Date(at_s * 1000);
  return `${at.getMonth() + 1}/${at.getDate()}`;
}
