// The key that shows the list of keys; the list comes when it is wanted.

import { useHotkeys } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { KEYS } from './keys';

const ShortcutList = lazy(() => import('./ShortcutList'));

interface Props {
  opened: boolean;
  toggle(): void;
}

export function Shortcuts({ opened, toggle }: Props) {
  useHotkeys([[KEYS.help, toggle]], []);
  return <Suspense>{opened && <ShortcutList opened toggle={toggle} />}</Suspense>;
}
