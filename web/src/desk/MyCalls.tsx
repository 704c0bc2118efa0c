// The calls I had, newest first.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { callsQuery } from '../api/calls';
import { CallTable } from '../calls/CallTable';
import { Failure } from '../ui/Failure';
import { Nothing, Panel } from '../ui/Panel';

const SHOWN = 25;

export function MyCalls({ agent }: { agent: string }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery(callsQuery({ agent }, SHOWN));
  const calls = query.data?.pages.flatMap((page) => page.calls) ?? [];
  return (
    <Panel title={t('desk.my_calls')}>
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && calls.length === 0 && <Nothing>{t('desk.no_calls')}</Nothing>}
      {calls.length > 0 && <CallTable calls={calls} agent={agent} />}
    </Panel>
  );
}
