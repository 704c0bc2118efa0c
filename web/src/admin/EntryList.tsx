// The entries of a section: searched, opened, begun.

import { Button, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../app/session';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { NEW } from './EntryEditor';
import css from './Form.module.css';
import type { PageId } from './pages';

export interface ListColumn<Row> {
  id: string;
  title: string;
  right?: boolean;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  page: PageId;
  rows: readonly Row[];
  nameOf: (row: Row) => string;
  /** What the search looks into, beside the name. */
  textOf: (row: Row) => string;
  columns: readonly ListColumn<Row>[];
  /** What the first column is called. */
  nameTitle: string;
  newLabel: string;
  nothing: string;
  hint?: ReactNode;
  aside?: ReactNode;
  children?: ReactNode;
}

export function EntryList<Row>(props: Props<Row>) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay('config.edit');
  const [text, setText] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const wanted = text.trim().toLowerCase();
  const found = props.rows.filter(
    (row) =>
      wanted === '' ||
      props.nameOf(row).toLowerCase().includes(wanted) ||
      props.textOf(row).toLowerCase().includes(wanted),
  );
  const begin = () => void navigate({ to: '/admin/$page/$name', params: { page: props.page, name: NEW } });
  useHotkeys([
    ['/', () => search.current?.focus()],
    ['alt+N', () => may && begin(), { usePhysicalKeys: true }],
  ]);
  return (
    <Panel
      title={t(`admin.page.${props.page}`)}
      count={props.rows.length}
      aside={
        <>
          {props.aside}
          {may && (
            <Button
              leftSection={<IconPlus size={15} aria-hidden />}
              title={t('admin_form.new_key')}
              onClick={begin}
            >
              {props.newLabel}
            </Button>
          )}
        </>
      }
    >
      <div className={css.search}>
        <TextInput
          ref={search}
          className={css.text}
          aria-label={t('admin_form.search')}
          placeholder={t('admin_form.search')}
          title={t('admin_form.search_key')}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'ArrowDown' && step(event, 0)}
        />
        {props.hint}
      </div>
      {props.children}
      {props.rows.length === 0 ? (
        <Nothing>{props.nothing}</Nothing>
      ) : found.length === 0 ? (
        <Nothing>{t('admin_form.nothing_found')}</Nothing>
      ) : (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{props.nameTitle}</th>
                {props.columns.map(({ id, title, right }) => (
                  <th key={id} className={right ? grid.right : undefined}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.map((row) => (
                <tr key={props.nameOf(row)}>
                  <td>
                    <Link
                      to="/admin/$page/$name"
                      params={{ page: props.page, name: props.nameOf(row) }}
                      className={grid.link}
                      data-entry
                      onKeyDown={move}
                    >
                      {props.nameOf(row)}
                    </Link>
                  </td>
                  {props.columns.map(({ id, right, cell }) => (
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
