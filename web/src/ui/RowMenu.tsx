// What can be done to a row of a table.

import { Menu } from '@mantine/core';
import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnected } from '../live/store';
import type { Act } from './acts';
import css from './RowTable.module.css';

const OUTSIDE = ['mousedown', 'touchstart'];

export interface Opened<Row> {
  row: Row;
  x: number;
  y: number;
}

interface Props<Row> {
  menu: Opened<Row>;
  acts: Act[];
  close(): void;
  back(): void;
}

export function RowMenu<Row>({ menu, acts, close, back }: Props<Row>) {
  const { t } = useTranslation();
  const connected = useConnected();
  const leave = () => {
    close();
    back();
  };
  const press = (key: string) => {
    const act = acts.find((one) => one.key?.toLowerCase() === key.toLowerCase());
    if (!act || !connected) return;
    leave();
    act.run();
  };
  return (
    <Menu
      opened
      onClose={leave}
      position="bottom-start"
      width={250}
      trapFocus
      returnFocus={false}
      withinPortal
      // Not by the key that opened it.
      clickOutsideEvents={OUTSIDE}
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          className={css.anchor}
          style={{ '--x': `${menu.x}px`, '--y': `${menu.y}px` } as CSSProperties}
          aria-label={t('table.acts')}
        />
      </Menu.Target>
      <Menu.Dropdown aria-label={t('table.acts')} onKeyDown={(event) => press(event.key)}>
        {acts.length === 0 && <Menu.Item disabled>{t('table.no_acts')}</Menu.Item>}
        {acts.map((act, index) => (
          <div key={act.id} role="presentation">
            {index > 0 && act.apart && <Menu.Divider />}
            <Menu.Item
              disabled={!connected}
              {...(act.danger ? { color: 'var(--tone-bad)' } : {})}
              rightSection={act.key && <kbd className={css.key}>{act.key.toUpperCase()}</kbd>}
              onClick={act.run}
            >
              {act.label}
            </Menu.Item>
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
