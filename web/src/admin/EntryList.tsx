// The entries of a section: searched, opened, begun.

import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { type Entry, entriesOf } from './draft';
import css from './Form.module.css';
import { ListSearch, NewEntry } from './ListTools';

/** The name of an entry, and what it is. */
type Row = [string, Entry];

interface ListColumn {
  id: string;
  title: string;
  right?: boolean;
  cell: (row: Row) => ReactNode;
}

interface Props {
  /** The page, and the section of the same name. */
  page: 'numbers' | 'queues' | 'reasons' | 'trunks' | 'hours';
  center: Center;
  /** The texts of the page. */
  words: 'admin_number' | 'admin_queue' | 'admin_reason' | 'admin_trunk' | 'admin_hours';
  /** What the search looks into, beside the name. */
  textOf: (row: Row) => string;
  columns: readonly ListColumn[];
}

export function EntryList({ page, center, words, textOf, columns }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const rows = entriesOf(center.sections[page]);
  const wanted = text.trim().toLowerCase();
  const found = rows.filter((row) => `${row[0]} ${textOf(row)}`.toLowerCase().includes(wanted));
  return (
    <Panel
      title={t(`admin.page.${page}`)}
      count={rows.length}
      aside={<NewEntry page={page} label={t(`${words}.new`)} />}
    >
      <div className={css.search}>
        <ListSearch
          placeholder={t('admin_form.search')}
          text={text}
          set={setText}
          onKeyDown={(event) => event.key === 'ArrowDown' && step(event, 0)}
        />
      </div>
      {rows.length === 0 ? (
        <Nothing>{t(`${words}.none`)}</Nothing>
      ) : found.length === 0 ? (
        <Nothing>{t('admin_form.nothing_found')}</Nothing>
      ) : (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{t(`${words}.id`)}</th>
                {columns.map(({ id, title, right }) => (
                  <th key={id} className={right ? grid.right : undefined}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.map((row) => (
                <tr key={row[0]}>
                  <td>
                    <Link
                      to="/admin/$page/$name"
                      params={{ page, name: row[0] }}
                      className={grid.link}
                      data-entry
                      onKeyDown={move}
                    >
                      {row[0]}
                    </Link>
                  </td>
                  {columns.map(({ id, right, cell }) => (
                    <td key={id} className={right ? `num ${grid.right}` : undefined}>
                      {cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** The arrow keys go from entry to entry. */
function move(event: KeyboardEvent<HTMLElement>): void {
  const links = entries(event);
  const now = links.indexOf(event.currentTarget);
  if (event.key === 'ArrowDown') step(event, Math.min(now + 1, links.length - 1));
  if (event.key === 'ArrowUp') step(event, Math.max(now - 1, 0));
}

function step(event: KeyboardEvent<HTMLElement>, to: number): void {
  event.preventDefault();
  entries(event)[to]?.focus();
}

function entries(event: KeyboardEvent<HTMLElement>): HTMLElement[] {
  return [...(event.currentTarget.closest('section')?.querySelectorAll<HTMLElement>('[data-entry]') ?? [])];
}
