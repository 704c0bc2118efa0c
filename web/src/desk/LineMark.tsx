// How my line sounds while I talk: a word and four bars; the figures on hover and focus.

import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LineQuality } from '../api/types';
import { useLive, useLiveStore } from '../live/store';
import css from './CallBar.module.css';
import { type Grade, gradeOf, TONES } from './line';

/** A measure comes every 4 s; one that is older says nothing of the line now. */
const FRESH_MS = 12_000;
const BARS: Record<Grade, number> = { good: 4, fair: 2, poor: 1 };

export function LineMark({ call }: { call: string }) {
  const { t } = useTranslation();
  const line = useLine(call);
  if (line === null) return null;
  const grade = gradeOf(line);
  if (grade === null) return null;
  const word = t(`call.sound.${grade}`);
  const figures = figuresOf(line).map(([name, value]) => ({
    name,
    text: t(`line.${name}`, { value }),
  }));
  return (
    <Tooltip
      withArrow
      events={{ hover: true, focus: true, touch: true }}
      label={
        <span className={css.lineFigures}>
          {figures.map(({ name, text }) => (
            <span key={name}>{text}</span>
          ))}
        </span>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who uses the keyboard gets the figures by focus */}
      <span className={css.line} data-tone={TONES[grade]} data-line={grade} tabIndex={0} role="status">
        <span className={css.lineBars} aria-hidden>
          {[1, 2, 3, 4].map((bar) => (
            <i key={bar} data-on={bar <= BARS[grade]} />
          ))}
        </span>
        {t('line.is', { word })}
      </span>
    </Tooltip>
  );
}

/** What was told last of the line in this call; null while nothing is known of it. */
function useLine(call: string): LineQuality | null {
  const store = useLiveStore();
  const connected = useLive((view) => view.connection === 'live');
  const [line, setLine] = useState<LineQuality | null>(null);
  useEffect(() => {
    let fades: ReturnType<typeof setTimeout> | undefined;
    const stop = store.onLine((told) => {
      if (told.call !== call) return;
      clearTimeout(fades);
      fades = setTimeout(() => setLine(null), FRESH_MS);
      setLine(told);
    });
    return () => {
      stop();
      clearTimeout(fades);
    };
  }, [store, call]);
  return connected ? line : null;
}

type Figure = 'lost' | 'peer_lost' | 'jitter' | 'round_trip' | 'mos';

function figuresOf({ lost_permille, peer_lost_permille, jitter_us, round_trip_us, mos }: LineQuality) {
  const percent = (permille: number) => (permille / 10).toFixed(1);
  const ms = (us: number) => String(Math.round(us / 1000));
  const figures: [Figure, string | null][] = [
    ['lost', percent(lost_permille)],
    ['peer_lost', peer_lost_permille === null ? null : percent(peer_lost_permille)],
    ['jitter', ms(jitter_us)],
    ['round_trip', round_trip_us === null ? null : ms(round_trip_us)],
    ['mos', mos === null ? null : mos.toFixed(1)],
  ];
  return figures.flatMap(([name, value]): [Figure, string][] => (value === null ? [] : [[name, value]]));
}
