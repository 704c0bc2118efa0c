// Around every page that shows the configuration: read, or why it could not be read; and what on disk is not in force.

import { Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useMay } from '../app/session';
import { Failure } from '../ui/Failure';
import { Nothing } from '../ui/Panel';
import { Restart } from './Change';
import { useCenter } from './center';
import css from './Form.module.css';
import { Places } from './Problems';

export function Loaded({ children }: { children: (center: Center) => ReactNode }) {
  const { t } = useTranslation();
  const may = useMay('config.see');
  const query = useCenter();
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const center = query.data;
  return (
    <>
      {!center.is_current && (
        <div className={css.stale} role="alert">
          {t('admin_form.not_in_force')}
          <Places mistakes={center.mistakes} />
        </div>
      )}
      <Restart sections={center.needs_restart} />
      {children(center)}
    </>
  );
}
