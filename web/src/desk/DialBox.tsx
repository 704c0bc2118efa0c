// Calls somebody: the own phone rings first, then whoever is wanted.

import { Button, Kbd, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPhoneOutgoing } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { makeCall } from '../api/calls';
import { Problem } from '../api/http';
import type { Agent } from '../api/types';
import { KEYS } from '../app/keys';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import css from './DialBox.module.css';

/** States in which the own phone can be called. */
const FREE = new Set(['ready', 'not_ready', 'logged_out']);

export function DialBox({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [number, setNumber] = useState('');
  const connected = useLive((view) => view.connection === 'live');
  const call = useMutation({ mutationFn: makeCall, onSuccess: () => setNumber('') });
  const able = connected && agent.registered && FREE.has(agent.state) && !call.isPending;
  useHotkeys([[KEYS.dial, () => input.current?.focus()]], []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (able && number.trim() !== '') call.mutate(number.trim());
  };
  return (
    <Panel title={t('dial.title')}>
      <form className={css.form} onSubmit={submit}>
        <TextInput
          ref={input}
          className={css.number}
          aria-label={t('dial.number')}
          placeholder={t('dial.placeholder')}
          type="tel"
          autoComplete="off"
          maxLength={64}
          value={number}
          onChange={(event) => {
            setNumber(event.currentTarget.value);
            if (call.isError) call.reset();
          }}
          rightSection={<Kbd className={css.kbd}>{KEYS.dial}</Kbd>}
          error={call.isError && whyNot(t, call.error)}
        />
        <Button
          type="submit"
          variant="default"
          disabled={!able || number.trim() === ''}
          loading={call.isPending}
          leftSection={<IconPhoneOutgoing size={16} stroke={1.7} aria-hidden />}
        >
          {t('dial.call')}
        </Button>
      </form>
      <p className={css.hint}>
        {agent.registered ? t(`dial.hint_${agent.device.kind}`) : t('dial.no_phone')}
      </p>
    </Panel>
  );
}

/** What stands in the way, in the reader's language where the server's words would not be. */
function whyNot(t: TFunction, error: unknown): string {
  return error instanceof Problem && error.status === 409 ? t('dial.refused') : problemText(t, error);
}
