// A page of one section of the configuration: the list of its entries, or one of them.

import type { ComponentType } from 'react';
import type { Center } from '../api/config';
import { Loaded } from './Loaded';
import type { PageProps } from './pages';

export function sectionPage(
  List: ComponentType<{ center: Center }>,
  Entry: ComponentType<{ name: string; center: Center }>,
) {
  return function SectionPage({ name }: PageProps) {
    return (
      <Loaded>
        {(center) => (name === null ? <List center={center} /> : <Entry name={name} center={center} />)}
      </Loaded>
    );
  };
}
