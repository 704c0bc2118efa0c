// Erasing everything that is kept of a customer. It says first what that is, and asks why.

import '../texts/wide';
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eraseCustomer, erasureQuery } from '../api/customers';
import type { CustomerErasure } from '../api/types';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import css from './Customers.module.css';

const COUNTED = ['calls', 'recordings', 'messages', 'notes', 'callbacks'] as const;

export function Erase({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  return (
    <Panel title={t('erase.title')}>
      {asked ? (
        <Sure id={id} name={name} cancel={() => setAsked(false)} />
      ) : (
        <div className={css.foot}>
          <Button size="compact-sm" variant="default" onClick={() => setAsked(true)}>
            {t('erase.ask')}
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Sure({ id, name, cancel }: { id: string; name: string; cancel(): void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const preview = useQuery(erasureQuery(id));
  const erase = useMutation({
    mutationFn: () => eraseCustomer(id, reason.trim()),
    onSuccess: (done) => {
      if (!done.is_complete) return void preview.refetch();
      queries.removeQueries({ queryKey: ['customer', id] });
      void queries.invalidateQueries({ queryKey: ['customers'] });
      void navigate({ to: '/customers' });
    },
  });
  if (preview.isError) return <Failure error={preview.error} retry={() => void preview.refetch()} />;
  if (!preview.data) return null;
  const found = preview.data;
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() !== '' && found.hindrance === null) erase.mutate();
      }}
    >
      <Found found={found} name={name} />
      <TextInput
        label={t('erase.reason')}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <div className={css.foot}>
        <AskingButton
          type="submit"
          color="red.8"
          loading={erase.isPending}
          disabled={reason.trim() === '' || found.hindrance !== null}
        >
          {t('erase.do')}
        </AskingButton>
        <Button variant="default" onClick={cancel}>
          {t('customers.cancel')}
        </Button>
      </div>
      {erase.isError && <Failure error={erase.error} />}
    </form>
  );
}

function Found({ found, name }: { found: CustomerErasure; name: string }) {
  const { t } = useTranslation();
  const counted = COUNTED.filter((what) => found[what] > 0);
  return (
    <div role="status">
      <p>{t('erase.sure', { name })}</p>
      {counted.length > 0 && (
        <ul>
          {counted.map((what) => (
            <li key={what}>{t(`erase.${what}`, { count: found[what] })}</li>
          ))}
        </ul>
      )}
      {found.held > 0 && <p className={css.warning}>{t('erase.held', { count: found.held })}</p>}
      {!found.is_complete && <p className={css.warning}>{t('erase.more')}</p>}
      {found.hindrance !== null && <p className={css.warning}>{t('erase.hindered')}</p>}
    </div>
  );
}
