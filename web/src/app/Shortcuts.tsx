// The list of keys.

import { Kbd, Modal } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { KEYS, keyName } from './keys';
import css from './Shortcuts.module.css';

interface Props {
  opened: boolean;
  toggle(): void;
}

export function Shortcuts({ opened, toggle }: Props) {
  const { t } = useTranslation();
  useHotkeys([[KEYS.help, toggle]], []);
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
        {(['ready', 'not_ready', 'note', 'save', 'dial', 'help'] as const).map((name) => (
          <div key={name} className={css.row}>
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd>
              <Kbd>{keyName(KEYS[name])}</Kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
