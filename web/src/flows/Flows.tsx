// Which flows callers hear, since when and by whom; and the mistakes of files that are therefore not in force.

import '../texts/wide';
import { Button, Loader, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { flowsQuery } from '../api/flows';
import type { Flow, FlowMistake } from '../api/types';
import { useMay } from '../app/session';
import { useLive } from '../live/store';
import { fullDate, timeOfDay } from '../texts/format';
import { Failure } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './Flows.module.css';

/** Who changed a file on disk, in the server's words. */
const FILE = 'file';

export function Flows() {
  const { t } = useTranslation();
  // The alarm about flow files comes and goes by the stream: then the list is read again.
  const alarm = useLive(
    (view) => view.live.alarms.find(({ kind }) => kind === 'flows_invalid')?.detail ?? null,
  );
  const may = useMay('flows.see');
  const mayEdit = useMay('flows.edit');
  const query = useQuery({ ...flowsQuery(alarm), enabled: may });
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const { flows, mistakes } = query.data;
  const all = [...flows.flatMap((flow) => flow.mistakes), ...mistakes];
  return (
    <>
      {all.length > 0 && (
        <Panel title={t('flows.mistakes')} count={all.length}>
          <p className={css.hint}>{t('flows.mistakes_hint')}</p>
          <Mistakes mistakes={all} />
        </Panel>
      )}
      <Panel title={t('flows.title')} count={flows.length} aside={mayEdit && <NewFlow />}>
        {flows.length === 0 ? <Nothing>{t('flows.none')}</Nothing> : <Table flows={flows} />}
      </Panel>
    </>
  );
}

function Table({ flows }: { flows: Flow[] }) {
  const { t } = useTranslation();
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('flows.flow')}</th>
            <th>{t('flows.state')}</th>
            <th className={grid.right}>{t('flows.version')}</th>
            <th>{t('flows.since')}</th>
            <th>{t('flows.author')}</th>
          </tr>
        </thead>
        <tbody>
          {flows.map((flow) => (
            <tr key={flow.name}>
              <td>
                <Link to="/flows/$flow" params={{ flow: flow.name }} className={grid.link}>
                  {flow.name}
                </Link>
              </td>
              <td>
                <State flow={flow} />
              </td>
              <td className={`num ${grid.right}`}>{flow.version}</td>
              <td className="num">{flow.since && `${fullDate(flow.since)} ${timeOfDay(flow.since)}`}</td>
              <td>{flow.author === FILE ? t('flows.by_file') : flow.author}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A new one is written in the editor, and is there when it is saved. */
function NewFlow() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const good = NAME.test(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (good) void navigate({ to: '/flows/$flow', params: { flow: name } });
  };
  return (
    <form onSubmit={submit} className={css.fresh}>
      <TextInput
        aria-label={t('flows.new_name')}
        placeholder={t('flows.new_name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={name !== '' && !good}
        w={150}
      />
      <Button
        type="submit"
        variant="default"
        disabled={!good}
        leftSection={<IconPlus size={15} aria-hidden />}
      >
        {t('flows.new')}
      </Button>
    </form>
  );
}

/** As the server takes names of flows. */
const NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

function State({ flow }: { flow: Flow }) {
  const { t } = useTranslation();
  if (flow.is_current) return <Tag tone="ready">{t('flows.in_force')}</Tag>;
  if (flow.mistakes.length > 0) return <Tag tone="bad">{t('flows.has_mistakes')}</Tag>;
  return <Tag tone="none">{t('flows.waits')}</Tag>;
}

function Mistakes({ mistakes }: { mistakes: FlowMistake[] }) {
  return (
    <ol className={css.mistakes}>
      {mistakes.map((mistake) => (
        <li key={`${mistake.file}:${mistake.line}:${mistake.column}:${mistake.problem}`}>
          <span className={`${css.place} num`}>{`${mistake.file}:${mistake.line}:${mistake.column}`}</span>
          <strong>{mistake.problem}</strong>
          <pre className={css.line}>{mistake.source_line}</pre>
          <span className={css.remedy}>{mistake.remedy}</span>
        </li>
      ))}
    </ol>
  );
}
