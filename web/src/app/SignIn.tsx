// User, password, and the one-time code of those who have a second factor.

import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/PasswordInput.css';
import '@mantine/core/styles/SegmentedControl.css';
import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { signIn } from '../api/session';
import type { Session } from '../api/types';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../texts';
import { problemText } from '../ui/Failure';
import { Logo } from './Logo';
import css from './SignIn.module.css';

function kindOf(error: unknown): string {
  return error instanceof Problem ? (error.kind ?? '') : '';
}

function signInText(t: TFunction, error: unknown): string {
  if (kindOf(error) === 'code_wrong') return t('sign_in.code_wrong');
  if (error instanceof Problem && error.status === 401) return t('sign_in.wrong');
  return problemText(t, error);
}

interface Props {
  /** The session ended by itself while the page was open. */
  expired: boolean;
  done(session: Session): void;
}

export function SignIn({ expired, done }: Props) {
  const { t } = useTranslation();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [tried, setTried] = useState(false);
  const [asksCode, setAsksCode] = useState(false);
  const userField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const attempt = useMutation({
    mutationFn: () => signIn(user.trim(), password, code.trim()),
    onSuccess: done,
    onError: (error) => {
      if (kindOf(error).startsWith('code_')) setAsksCode(true);
      else passwordField.current?.select();
    },
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!user.trim()) userField.current?.focus();
    else if (!password) passwordField.current?.focus();
    else attempt.mutate();
  };

  return (
    <main className={css.page}>
      <form className={css.card} onSubmit={submit} noValidate>
        <div className={css.brand}>
          <Logo size={34} />
          <span>{t('app.name')}</span>
        </div>
        <h1 className={css.title}>{t('sign_in.title')}</h1>
        {expired && <p className={css.note}>{t('sign_in.expired')}</p>}
        <TextInput
          ref={userField}
          size="sm"
          label={t('sign_in.user')}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
          error={tried && !user.trim() ? t('sign_in.missing_user') : undefined}
        />
        <PasswordInput
          ref={passwordField}
          size="sm"
          label={t('sign_in.password')}
          name="password"
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('sign_in.show_password') }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={tried && !password ? t('sign_in.missing_password') : undefined}
        />
        {asksCode && (
          <TextInput
            size="sm"
            label={t('sign_in.code')}
            description={t('sign_in.code_hint')}
            name="code"
            autoComplete="one-time-code"
            autoFocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        {attempt.isError && kindOf(attempt.error) !== 'code_required' && (
          <p className={css.error} role="alert">
            {signInText(t, attempt.error)}
          </p>
        )}
        <Button type="submit" size="sm" fullWidth loading={attempt.isPending}>
          {t('sign_in.submit')}
        </Button>
      </form>
      <SegmentedControl
        aria-label={t('menu.language')}
        value={currentLanguage()}
        onChange={(language) => chooseLanguage(language as Language)}
        data={LANGUAGES.map(({ tag, name }) => ({ value: tag, label: name }))}
      />
    </main>
  );
}
