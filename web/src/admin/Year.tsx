// A year of opening hours: holidays and single days at a glance; a day is chosen by a click or by the arrow keys.

import { ActionIcon } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { type KeyboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { currentLanguage } from '../texts';
import type { Entry } from './draft';
import css from './Hours.module.css';
import { addDays, DAYS, lookOf, monthsOf } from './hours';

interface Props {
  form: Entry;
  date: string;
  choose(date: string): void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Year({ form, date, choose }: Props) {
  const { t } = useTranslation();
  const root = useRef<HTMLDivElement>(null);
  const year = Number(date.slice(0, 4));
  const go = (next: string) => {
    choose(next);
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>(`[data-date="${next}"]`)?.focus());
  };
  const press = (event: KeyboardEvent) => {
    const days = STEPS[event.key];
    if (days === undefined) return;
    event.preventDefault();
    go(addDays(date, days));
  };
  const inYear = (by: number) =>
    choose(`${year + by}${date.slice(4) === '-02-29' ? '-02-28' : date.slice(4)}`);
  return (
    <div>
      <div className={css.yearHead}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('admin_hours.year_before')}
          onClick={() => inYear(-1)}
        >
          <IconChevronLeft size={16} aria-hidden />
        </ActionIcon>
        <strong className="num">{year}</strong>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('admin_hours.year_after')}
          onClick={() => inYear(1)}
        >
          <IconChevronRight size={16} aria-hidden />
        </ActionIcon>
        {(['open', 'closed', 'holiday', 'special'] as const).map((kind) => (
          <span key={kind} className={css.legend}>
            <span className={css.swatch} data-kind={kind} aria-hidden />
            {t(`admin_hours.${kind}`)}
          </span>
        ))}
      </div>
      <div ref={root} className={css.year}>
        {monthsOf(year).map((month) => (
          <div key={month.id} className={css.month}>
            <div className={css.monthName}>{monthName(month.id)}</div>
            <div className={css.days}>
              {DAYS.map((day) => (
                <span key={day} className={css.weekday} aria-hidden>
                  {t(`admin_day_short.${day}`)}
                </span>
              ))}
              {Array.from({ length: month.blanks }, (_, blank) => `${month.id}-${blank}`).map((key) => (
                <span key={key} />
              ))}
              {month.dates.map((one) => {
                const look = lookOf(form, one);
                const what =
                  look.name ?? (look.spans.length > 0 ? look.spans.join(', ') : t('admin_hours.closed'));
                return (
                  <button
                    key={one}
                    type="button"
                    data-date={one}
                    data-kind={look.kind}
                    className={css.day}
                    aria-pressed={one === date}
                    aria-label={`${Number(one.slice(8))}: ${one}, ${what}`}
                    title={what}
                    tabIndex={one === date ? 0 : -1}
                    onKeyDown={press}
                    onClick={() => choose(one)}
                  >
                    {Number(one.slice(8))}
                  </button>
                );
              })}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}

function monthName(id: string): string {
  const month = new Intl.DateTimeFormat(currentLanguage(), { month: 'long', timeZone: 'UTC' });
  return month.format(new Date(`${id}-01T00:00:00Z`));
}
