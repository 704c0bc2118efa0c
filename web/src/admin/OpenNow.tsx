// Whether it is open: now, and at any moment; opening and closing by hand.

import { NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { endOverride, hoursAtQuery, overrideHours } from '../api/config';
import type { Hours } from '../api/types';
import { useMay } from '../app/session';
import { dayAndTime, fullDate, timeOfDay } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { Tag } from '../ui/Tag';
import { Section } from './Form';
import css from './Hours.module.css';

const TONES = { open: 'ready', closed: 'none', holiday: 'off' } as const;

export function StateTag({ hours }: { hours: Hours | undefined }) {
  const { t } = useTranslation();
  if (!hours) return null;
  const state = t(`admin_hours.now_${hours.state}`);
  return <Tag tone={TONES[hours.state]}>{hours.holiday === null ? state : `${state}: ${hours.holiday}`}</Tag>;
}

/** How long a decision by hand lasts. */
const LASTS_H = ['1', '4', '12', '24', ''] as const;

export function OpenNow({ name }: { name: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const sees = useMay('hours.see');
  const sets = useMay('hours.set');
  const [moment, setMoment] = useState('');
  const [lasts_h, setLasts] = useState<string>('4');
  const at = moment === '' ? null : new Date(moment).toISOString();
  const now = useQuery({ ...hoursAtQuery(null), enabled: sees, staleTime: 0, refetchOnMount: 'always' });
  const then = useQuery({ ...hoursAtQuery(at), enabled: sees && at !== null });
  const fresh = () => queries.invalidateQueries({ queryKey: ['hours'] });
  const decide = useMutation({
    mutationFn: (open: boolean | null) => {
      if (open === null) return endOverride(name);
      const until = lasts_h === '' ? null : new Date(Date.now() + Number(lasts_h) * 3_600_000).toISOString();
      return overrideHours(name, open, until);
    },
    onSettled: fresh,
  });
  if (!sees) return null;
  const current = now.data?.hours.find((one) => one.name === name);
  const later = then.data?.hours.find((one) => one.name === name);
  return (
    <Section title={t('admin_hours.test')}>
      <div className={css.now} style={{ gridColumn: '1 / -1' }}>
        <StateTag hours={current} />
        {current?.until && <span>{t('admin_hours.until', { time: dayAndTime(current.until) })}</span>}
        {current?.override && (
          <Tag tone="hold">
            {current.override.until
              ? t('admin_hours.by_hand_until', { time: dayAndTime(current.override.until) })
              : t('admin_hours.by_hand')}
          </Tag>
        )}
        {sets && (
          <>
            <NativeSelect
              label={t('admin_hours.lasts')}
              value={lasts_h}
              onChange={(event) => setLasts(event.currentTarget.value)}
              data={LASTS_H.map((value) => ({
                value,
                label:
                  value === ''
                    ? t('admin_hours.for_good')
                    : t('admin_hours.for_hours', { count: Number(value) }),
              }))}
            />
            <AskingButton variant="default" loading={decide.isPending} onClick={() => decide.mutate(true)}>
              {t('admin_hours.open_by_hand')}
            </AskingButton>
            <AskingButton variant="default" loading={decide.isPending} onClick={() => decide.mutate(false)}>
              {t('admin_hours.close_by_hand')}
            </AskingButton>
            {current?.override && (
              <AskingButton variant="subtle" onClick={() => decide.mutate(null)}>
                {t('admin_hours.by_plan')}
              </AskingButton>
            )}
          </>
        )}
      </div>
      <div className={css.now} style={{ gridColumn: '1 / -1' }}>
        <TextInput
          type="datetime-local"
          label={t('admin_hours.moment')}
          value={moment}
          onChange={(event) => setMoment(event.currentTarget.value)}
        />
        <StateTag hours={later} />
        {later?.until && (
          <span>
            {t('admin_hours.until', { time: `${fullDate(later.until)} ${timeOfDay(later.until, false)}` })}
          </span>
        )}
      </div>
      {decide.isError && <Failure error={decide.error} />}
    </Section>
  );
}
