// All calls this user may see, newest first, found by anything that is known of them.

import '../texts/wide';
import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callsQuery, exportUrl } from '../api/calls';
import { Problem } from '../api/http';
import { useMay } from '../app/session';
import { Found } from '../ui/Found';
import { Panel } from '../ui/Panel';
import css from './CallPage.module.css';
import { CallTable } from './CallTable';
import { SearchForm } from './SearchForm';

const PAGE = 50;

export function CallList() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/calls' });
  const filter = { ...search };
  const query = useInfiniteQuery(callsQuery(filter, PAGE));
  const calls = query.data?.pages.flatMap((page) => page.calls) ?? [];
  const wrong = query.error instanceof Problem ? query.error.fields : [];
  const narrowed = Object.keys(search).length > 0;
  return (
    <div className={css.list}>
      <SearchForm wrong={wrong} />
      <Panel title={t('calls.title')} aside={<Export />}>
        <Found
          query={{ ...query, isError: query.isError && wrong.length === 0 }}
          count={calls.length}
          nothing={narrowed ? t('search.none') : t('calls.none')}
          more={t('calls.more')}
        >
          <CallTable calls={calls} />
        </Found>
      </Panel>
    </div>
  );
}

/** The calls that are found, to be taken away. */
function Export() {
  const { t } = useTranslation();
  const may = useMay('records.export');
  const search = useSearch({ from: '/calls' });
  if (!may) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
          {t('search.export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['csv', 'xlsx'] as const).map((format) => (
          <Menu.Item key={format} component="a" href={exportUrl({ ...search }, format)} download>
            {t(`search.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
