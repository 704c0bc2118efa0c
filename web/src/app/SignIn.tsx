// User and password.

import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { signIn } from '../api/session';
import type { Session } from '../api/types';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../texts';
import { problemText } from '../ui/Failure';
import { Logo } from './Logo';
import css from './SignIn.module.css';

interface Props {
  /** The session ended by itself while the page was open. */
  expired: boolean;
  done(session: Session): void;
}

export function SignIn({ expired, done }: Props) {
  const { t } = useTranslation();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const userField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const attempt = useMutation({
    mutationFn: () => signIn(user.trim(), password),
    onSuccess: done,
    onError: () => passwordField.current?.select(),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!user.trim()) userField.current?.focus();
    else if (!password) passwordField.current?.focus();
    else attempt.mutate();
  };
  const wrong = attempt.error instanceof Problem && attempt.error.status === 401;

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
        {attempt.isError && (
          <p className={css.error} role="alert">
            {wrong ? t('sign_in.wrong') : problemText(t, attempt.error)}
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
