// Where each user sets from which figures on the board is to warn.

import { ActionIcon, NumberInput, Popover, Switch } from '@mantine/core';
import { IconBellRinging } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import css from './Board.module.css';
import { type Limit, type Limited, useLimits } from './limits';
import { beep } from './sound';

const ROWS: readonly Limited[] = ['waiting', 'longest_s', 'service', 'wrap_s', 'not_ready_s', 'talk_s'];

export function LimitsMenu() {
  const { t } = useTranslation();
  const [limits, change] = useLimits();
  return (
    <Popover position="bottom-end" width={380} trapFocus shadow="md" withinPortal>
      <Popover.Target>
        <ActionIcon variant="default" size={30} aria-label={t('board.limits')} title={t('board.limits')}>
          <IconBellRinging size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={css.limits}>
          <span />
          <span className={css.dim}>{t('board.level.warn')}</span>
          <span className={css.dim}>{t('board.level.bad')}</span>
          {ROWS.map((name) => (
            <Row key={name} name={name} limit={limits[name]} set={(limit) => change({ [name]: limit })} />
          ))}
        </div>
        <Switch
          mt="sm"
          size="xs"
          label={t('board.sound')}
          checked={limits.sound}
          onChange={(event) => {
            change({ sound: event.currentTarget.checked });
            if (event.currentTarget.checked) beep();
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

interface RowProps {
  name: Limited;
  limit: Limit;
  set(limit: Limit): void;
}

function Row({ name, limit, set }: RowProps) {
  const { t } = useTranslation();
  const label = t(`board.limit.${name}`);
  const field = (at: 'warn' | 'bad') => (
    <NumberInput
      size="xs"
      hideControls
      min={0}
      aria-label={`${label}: ${t(`board.level.${at}`)}`}
      value={limit[at] ?? ''}
      onChange={(value) => set({ ...limit, [at]: value === '' ? null : Number(value) })}
    />
  );
  return (
    <>
      <span>{label}</span>
      {field('warn')}
      {field('bad')}
    </>
  );
}
