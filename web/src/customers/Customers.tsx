// The address book: search, those who are blocked, files in and out.

import '../texts/wide';
import { Button, Checkbox, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload, IconFileSpreadsheet, IconPlus, IconUpload } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { customersQuery, EXPORT_URL, WORKBOOK_URL } from '../api/customers';
import type { Customer } from '../api/types';
import { useMay } from '../app/session';
import { Found } from '../ui/Found';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import css from './Customers.module.css';
import { Marks } from './Marks';

/** Typing is not interrupted by answers to half a word. */
const TYPED_MS = 200;

export function Customers() {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [blocked, setBlocked] = useState(false);
  const [q] = useDebouncedValue(text.trim(), TYPED_MS);
  const query = useInfiniteQuery({ ...customersQuery({ q, blocked }), placeholderData: keepPreviousData });
  const customers = query.data?.pages.flatMap((page) => page.customers) ?? [];
  return (
    <Panel title={t('customers.title')} aside={<Actions />}>
      <div className={css.search}>
        <TextInput
          className={css.text}
          aria-label={t('customers.search')}
          placeholder={t('customers.search')}
          autoComplete="off"
          autoFocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Checkbox
          size="xs"
          label={t('customers.only_blocked')}
          checked={blocked}
          onChange={(event) => setBlocked(event.currentTarget.checked)}
        />
      </div>
      <Found query={query} count={customers.length} nothing={t('customers.none')} more={t('customers.more')}>
        <CustomerTable customers={customers} />
      </Found>
    </Panel>
  );
}

function Actions() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const edits = useMay('customers.edit');
  const exports = useMay('customers.export');
  return (
    <>
      {exports && (
        <>
          <Button
            component="a"
            href={EXPORT_URL}
            download
            variant="subtle"
            leftSection={<IconDownload size={15} />}
          >
            {t('customers.export')}
          </Button>
          <Button
            component="a"
            href={WORKBOOK_URL}
            download
            variant="subtle"
            leftSection={<IconFileSpreadsheet size={15} />}
          >
            {t('customers.export_workbook')}
          </Button>
        </>
      )}
      {edits && (
        <>
          <Button
            variant="subtle"
            leftSection={<IconUpload size={15} />}
            onClick={() => void navigate({ to: '/customers/import' })}
          >
            {t('customers.import')}
          </Button>
          <Button
            leftSection={<IconPlus size={15} />}
            onClick={() => void navigate({ to: '/customers/$customer', params: { customer: 'new' } })}
          >
            {t('customers.new')}
          </Button>
        </>
      )}
    </>
  );
}

function CustomerTable({ customers }: { customers: Customer[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('customer.name')}</th>
            <th>{t('customer.company')}</th>
            <th>{t('customer.numbers')}</th>
            <th>{t('customer.email')}</th>
            <th>{t('customer.class')}</th>
            <th>{t('customer.tags')}</th>
          </tr>
        </thead>
        <tbody>
          {customers.map((one) => (
            <tr key={one.id}>
              <td>
                <Link to="/customers/$customer" params={{ customer: one.id }} className={grid.link}>
                  {one.name}
                </Link>
              </td>
              <td className={grid.clip}>{one.company}</td>
              <td className={`num ${grid.clip}`}>{one.numbers.join(', ')}</td>
              <td className={grid.clip}>{one.email}</td>
              <td>{one.class}</td>
              <td>
                <Marks customer={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
