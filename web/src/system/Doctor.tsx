// What the server finds when it looks at itself and its machine, the worst first; and how long things are kept.

import '../texts/people';
import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { doctorQuery } from '../api/system';
import type { Finding, Retention } from '../api/types';
import { useLive } from '../live/store';
import { timeOfDay } from '../texts/format';
import { Failure } from '../ui/Failure';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { adviceOf, foundOf, subjectOf } from './findings';
import css from './System.module.css';

const ORDER = ['bad', 'doubtful', 'good'] as const;
const TONES = { bad: 'bad', doubtful: 'hold', good: 'ready' } as const;

export default function Doctor() {
  const { t } = useTranslation();
  const connected = useLive((view) => view.connection === 'live');
  const query = useQuery(doctorQuery);
  const findings = query.data?.findings ?? [];
  const sorted = ORDER.flatMap((verdict) => findings.filter((one) => one.verdict === verdict));
  const flags = findings.filter(({ verdict }) => verdict !== 'good').length;
  return (
    <div className={css.page}>
      <Panel title={t('doctor.title')} count={query.data ? flags : undefined}>
        <div className={css.tools}>
          <span role="status">
            {query.isFetching ? (
              <>
                <Loader size={12} /> {t('doctor.looking')}
              </>
            ) : (
              query.data &&
              t(flags === 0 ? 'doctor.well' : 'doctor.flags', {
                count: flags,
                time: timeOfDay(query.dataUpdatedAt),
              })
            )}
          </span>
          <Button
            variant="default"
            size="compact-sm"
            disabled={!connected || query.isFetching}
            onClick={() => void query.refetch()}
          >
            {t('doctor.again')}
          </Button>
        </div>
        {query.isError && <Failure error={query.error} />}
        <ul className={css.findings}>
          {sorted.map((one) => (
            <Row key={`${one.subject} ${one.says}`} one={one} />
          ))}
        </ul>
      </Panel>
      {query.data && <Kept retention={query.data.retention} />}
    </div>
  );
}

function Row({ one }: { one: Finding }) {
  const { t } = useTranslation();
  const advice = adviceOf(t, one);
  return (
    <li data-verdict={one.verdict}>
      <Tag tone={TONES[one.verdict]}>{t(`doctor.verdict.${one.verdict}`)}</Tag>
      <span className={css.subject}>{subjectOf(t, one)}</span>
      <div>
        {foundOf(t, one)}
        {advice !== null && <p>{advice}</p>}
      </div>
    </li>
  );
}

/** After how many days things are erased. */
function Kept({ retention }: { retention: Retention }) {
  const { t } = useTranslation();
  const queues = useLive((view) => view.live.queues);
  const days = (count: number | null) =>
    count === null ? t('doctor.for_ever') : t('doctor.days', { count });
  return (
    <Panel title={t('doctor.kept')}>
      <dl className={css.kept}>
        {(['recordings_days', 'messages_days', 'calls_days', 'flow_figures_days'] as const).map((name) => (
          <Entry key={name} name={t(`doctor.${name}`)} value={days(retention[name])} />
        ))}
        {Object.entries(retention.queues).flatMap(([id, kept]) => {
          const queue = queues.find((known) => known.id === id)?.name ?? id;
          return (['recordings_days', 'messages_days', 'calls_days'] as const)
            .filter((name) => kept[name] !== null)
            .map((name) => (
              <Entry
                key={`${id} ${name}`}
                name={t(`doctor.of_queue.${name}`, { queue })}
                value={days(kept[name])}
              />
            ));
        })}
      </dl>
    </Panel>
  );
}

function Entry({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
