// What somebody must do before the pages open: choose a password, add a second factor.

import '@mantine/core/styles/PasswordInput.css';
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { changePassword, confirmTotp, offerTotp, sessionQuery, signOut } from '../api/session';
import type { Session } from '../api/types';
import { problemText } from '../ui/Failure';
import { Logo } from './Logo';
import css from './SignIn.module.css';

export default function FirstSteps({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const again = () => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => queries.setQueryData(sessionQuery.queryKey, null),
  });
  return (
    <main className={css.page}>
      <div className={css.card}>
        <div className={css.brand}>
          <Logo size={34} />
          <span>{t('app.name')}</span>
        </div>
        {session.must === 'second_factor' ? <SecondFactor done={again} /> : <NewPassword done={again} />}
        <Button variant="default" size="sm" onClick={() => leave.mutate()}>
          {t('first.leave')}
        </Button>
      </div>
    </main>
  );
}

function NewPassword({ done }: { done(): void }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const [repeated, setRepeated] = useState('');
  const [tried, setTried] = useState(false);
  const change = useMutation({ mutationFn: () => changePassword(current, fresh), onSuccess: done });
  const differs = fresh !== repeated;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (current && fresh && !differs) change.mutate();
  };
  const wrong = fieldProblem(change.error);
  return (
    <form onSubmit={submit} noValidate className={css.steps}>
      <h1 className={css.title}>{t('first.password_title')}</h1>
      <p className={css.note}>{t('first.password_why')}</p>
      <PasswordInput
        size="sm"
        label={t('first.current')}
        autoComplete="current-password"
        autoFocus
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        error={wrong?.field === 'current' ? t('first.current_wrong') : undefined}
      />
      <PasswordInput
        size="sm"
        label={t('first.new')}
        autoComplete="new-password"
        value={fresh}
        onChange={(event) => setFresh(event.currentTarget.value)}
        error={wrong?.field === 'new' ? wrong.problem : undefined}
      />
      <PasswordInput
        size="sm"
        label={t('first.repeat')}
        autoComplete="new-password"
        value={repeated}
        onChange={(event) => setRepeated(event.currentTarget.value)}
        error={tried && differs ? t('first.differs') : undefined}
      />
      <Trouble error={wrong ? null : change.error} />
      <Button type="submit" size="sm" fullWidth loading={change.isPending}>
        {t('first.change')}
      </Button>
    </form>
  );
}

function SecondFactor({ done }: { done(): void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const offer = useMutation({ mutationFn: () => offerTotp(password) });
  const confirm = useMutation({ mutationFn: () => confirmTotp(code) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (confirm.data) done();
    else if (offer.data) confirm.mutate();
    else offer.mutate();
  };
  const wrong = fieldProblem(offer.error ?? confirm.error);
  return (
    <form onSubmit={submit} noValidate className={css.steps}>
      <h1 className={css.title}>{t('first.factor_title')}</h1>
      {confirm.data ? (
        <>
          <p className={css.note}>{t('first.recovery')}</p>
          <pre className={css.codes}>{confirm.data.recovery_codes.join('\n')}</pre>
        </>
      ) : offer.data ? (
        <>
          <p className={css.note}>{t('first.secret')}</p>
          <pre className={css.codes}>{offer.data.secret.replace(/(.{4})/g, '$1 ').trim()}</pre>
          <a href={offer.data.uri}>{t('first.open_app')}</a>
          <TextInput
            size="sm"
            label={t('sign_in.code')}
            autoComplete="one-time-code"
            autoFocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            error={wrong?.field === 'code' ? t('sign_in.code_wrong') : undefined}
          />
        </>
      ) : (
        <>
          <p className={css.note}>{t('first.factor_why')}</p>
          <PasswordInput
            size="sm"
            label={t('sign_in.password')}
            autoComplete="current-password"
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={wrong?.field === 'current' ? t('first.current_wrong') : undefined}
          />
        </>
      )}
      <Trouble error={wrong ? null : (offer.error ?? confirm.error)} />
      <Button type="submit" size="sm" fullWidth loading={offer.isPending || confirm.isPending}>
        {confirm.data ? t('first.saved') : t('first.next')}
      </Button>
    </form>
  );
}

function fieldProblem(error: unknown) {
  return error instanceof Problem ? error.fields[0] : undefined;
}

function Trouble({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!error) return null;
  return (
    <p className={css.error} role="alert">
      {problemText(t, error)}
    </p>
  );
}
