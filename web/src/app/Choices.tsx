// Language and appearance, in the user's menu.

import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';
import { SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../texts';
import css from './Rail.module.css';

export default function Choices() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <div className={css.option}>
        {t('menu.language')}
        <SegmentedControl
          aria-label={t('menu.language')}
          value={currentLanguage()}
          onChange={(language) => void chooseLanguage(language as Language)}
          data={LANGUAGES.map(({ tag, name }) => ({ value: tag, label: name }))}
        />
      </div>
      <div className={css.option}>
        {t('menu.theme')}
        <SegmentedControl
          aria-label={t('menu.theme')}
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as typeof colorScheme)}
          data={[
            { value: 'auto', label: t('menu.theme_auto') },
            { value: 'light', label: t('menu.theme_light') },
            { value: 'dark', label: t('menu.theme_dark') },
          ]}
        />
      </div>
    </>
  );
}
