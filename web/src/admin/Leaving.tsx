// Before a page with unsaved changes is left.

import { Button, Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import css from './Change.module.css';

export function Leaving({ dirty }: { dirty: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Modal
      opened
      onClose={blocker.reset}
      title={t('admin_form.leave_title')}
      closeButtonProps={{ 'aria-label': t('admin_change.close') }}
    >
      <div className={css.change}>
        <p className={css.dim}>{t('admin_form.leave')}</p>
        <div className={css.buttons}>
          <Button variant="default" data-autofocus onClick={blocker.reset}>
            {t('admin_form.stay')}
          </Button>
          <Button color="red.9" onClick={blocker.proceed}>
            {t('admin_form.discard')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
