// The list of keys.

import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Modal.css';
import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { KEYS, type Key, keyName, pageKeyName } from './keys';
import css from './Shortcuts.module.css';

interface Props {
  opened: boolean;
  toggle(): void;
}

export default function ShortcutList({ opened, toggle }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={toggle}
      title={t('shortcuts.title')}
      closeButtonProps={{ 'aria-label': t('shortcuts.close') }}
      centered
      // Locking would need an inline style element, which the content policy forbids.
      lockScroll={false}
    >
      <dl className={css.list}>
        {(Object.keys(KEYS) as Key[]).map((name) => (
          <div key={name} className={css.row}>
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd>
              <Kbd>{keyName(KEYS[name])}</Kbd>
            </dd>
          </div>
        ))}
        <div className={css.row}>
          <dt>{t('shortcuts.pages')}</dt>
          <dd>
            <Kbd>{pageKeyName(0)}</Kbd> <Kbd>{pageKeyName(1)}</Kbd> {'…'}
          </dd>
        </div>
      </dl>
    </Modal>
  );
}
