// What went wrong, in words.

import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import i18next, { type TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import css from './Failure.module.css';

export function problemText(t: TFunction, error: unknown): string {
  if (!(error instanceof Problem)) return t('problem.server');
  switch (error.status) {
    case 0:
      return t('problem.network');
    case 403:
      return t('problem.forbidden');
    case 404:
      return t('problem.not_found');
    case 409:
      // What call processing refuses has a word of its own.
      if (i18next.exists(`refused.${error.kind}`)) return t(`refused.${error.kind as 'busy'}`);
      return error.detail ? `${t('problem.conflict')} ${error.detail}` : t('problem.conflict');
    case 400:
    case 422:
      return t('problem.invalid');
    case 429:
      return t('problem.too_many');
    default:
      return t('problem.server');
  }
}

interface Props {
  error: unknown;
  retry?: () => void;
}

export function Failure({ error, retry }: Props) {
  const { t } = useTranslation();
  return (
    <div className={css.failure} role="alert">
      <IconAlertTriangle size={16} aria-hidden />
      <span>{problemText(t, error)}</span>
      {retry && (
        <Button variant="default" onClick={retry}>
          {t('app.retry')}
        </Button>
      )}
    </div>
  );
}
