// Gives Mantine's style variables to the document without a style element, which the content policy forbids.

import {
  convertCssVariables,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from '@mantine/core';
import { theme } from './theme';

/** Mantine's surfaces in the colours of theme.css. */
const OURS = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--dim)',
  '--mantine-color-default-border': 'var(--line-strong)',
};

export function adoptVariables(): void {
  const { variables, light, dark } = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    convertCssVariables({
      variables,
      light: { ...light, ...OURS, '--mantine-color-scheme': 'light' },
      dark: {
        ...dark,
        ...OURS,
        '--mantine-color-scheme': 'dark',
        '--mantine-color-default': 'var(--raised)',
      },
    }),
  );
  document.adoptedStyleSheets.push(sheet);
}
