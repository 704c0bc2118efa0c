// Mantine's values, made dense: 13 px text, 30 px controls.

import { createTheme, type MantineColorsTuple } from '@mantine/core';

const indigo: MantineColorsTuple = [
  '#eef0fd',
  '#dcdff8',
  '#b8bef0',
  '#929ce8',
  '#727fe1',
  '#5c6adb',
  '#4f5bd5',
  '#434dbb',
  '#3941a0',
  '#2c3382',
];

const grey: MantineColorsTuple = [
  '#e8e8ec',
  '#c4c4cd',
  '#9898a5',
  '#6c6c79',
  '#3a3b44',
  '#2a2b32',
  '#1c1d22',
  '#17181c',
  '#121317',
  '#0d0e11',
];

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 6, dark: 5 },
  colors: { indigo, dark: grey },
  fontFamily:
    '"Inter Variable", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: '11.5px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.4', xl: '1.3' },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  defaultRadius: 'md',
  radius: { sm: '4px', md: '6px', lg: '10px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs', fz: 12.5 } },
    TextInput: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13 } } },
    PasswordInput: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13 } } },
    Textarea: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13 } } },
    Select: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13 } } },
    NativeSelect: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13 } } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Menu: { defaultProps: { transitionProps: { duration: 60 }, shadow: 'md' } },
    Modal: { defaultProps: { transitionProps: { duration: 60 } } },
    Tooltip: { defaultProps: { openDelay: 400, fz: 'xs', transitionProps: { duration: 60 } } },
  },
});
