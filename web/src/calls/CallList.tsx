// All calls this user may see, newest first.

import { Button, Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { callsQuery } from '../api/calls';
import { useSession } from '../app/session';
import { useLive } from '../live/store';
import { Failure } from '../ui/Failure';
import { Nothing, Panel } from '../ui/Panel';
import css from './CallPage.module.css';
import { CallTable } from './CallTable';

const PAGE = 50;

export function CallList() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/calls' });
  const query = useInfiniteQuery(callsQuery(search, PAGE));
  const calls = query.data?.pages.flatMap((page) => page.calls) ?? [];
  return (
    <Panel title={t('calls.title')} aside={<Filters />}>
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && calls.length === 0 && <Nothing>{t('calls.none')}</Nothing>}
      {calls.length > 0 && <CallTable calls={calls} />}
      {query.hasNextPage && (
        <div className={css.more}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {t('calls.more')}
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Filters() {
  const { t } = useTranslation();
  const session = useSession();
  const search = useSearch({ from: '/calls' });
  const navigate = useNavigate({ from: '/calls' });
  const queues = useLive((view) => view.live.queues);
  const agents = useLive((view) => view.live.agents);
  const queueNames = useMemo(() => queues.map(({ id, name }) => ({ value: id, label: name })), [queues]);
  const agentNames = useMemo(
    () => Object.values(agents).map(({ id, name }) => ({ value: id, label: `${id} · ${name}` })),
    [agents],
  );
  const choose = (name: 'agent' | 'queue') => (value: string | null) => {
    const { [name]: _, ...others } = search;
    void navigate({ search: value === null ? others : { ...others, [name]: value }, replace: true });
  };
  return (
    <>
      {session.role === 'admin' && (
        <Select
          aria-label={t('calls.agent_filter')}
          placeholder={t('calls.agent_filter')}
          data={agentNames}
          value={search.agent ?? null}
          onChange={choose('agent')}
          searchable
          clearable
          w={180}
        />
      )}
      <Select
        aria-label={t('calls.queue_filter')}
        placeholder={t('calls.queue_filter')}
        data={queueNames}
        value={search.queue ?? null}
        onChange={choose('queue')}
        searchable
        clearable
        w={160}
      />
    </>
  );
}
