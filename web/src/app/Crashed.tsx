// Pages that cannot be shown.

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import css from './Shell.module.css';

/** A defect in a page: the bar and the stream stay, the page can be loaded anew. */
export function Crashed() {
  const { t } = useTranslation();
  return (
    <div className={css.empty} role="alert">
      <p>{t('problem.crashed')}</p>
      <Button onClick={() => location.reload()}>{t('problem.reload')}</Button>
    </div>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return <p className={css.empty}>{t('problem.not_found')}</p>;
}
