// What was in force since when, by whom; what differs between two; the way back.

import { Button, Loader, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Center,
  centerQuery,
  configDiffQuery,
  configVersionsQuery,
  readCenter,
  rollBackConfig,
} from '../api/config';
import { Problem } from '../api/http';
import type { ConfigVersion } from '../api/types';
import { useMay } from '../app/session';
import { fullDate, timeOfDay } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import change from './Change.module.css';
import css from './Form.module.css';
import { FieldProblems, Places } from './Problems';
import { UnifiedDiff } from './UnifiedDiff';
import list from './Versions.module.css';

export function Versions({ center }: { center: Center }) {
  const { t } = useTranslation();
  const query = useQuery({ ...configVersionsQuery(), staleTime: 0, refetchOnMount: 'always' });
  const [chosen, setChosen] = useState<number | null>(null);
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const { versions } = query.data;
  const shown = versions.find(({ version }) => version === chosen);
  return (
    <div className={list.history}>
      <ol className={list.versions} aria-label={t('admin_history.versions')}>
        {versions.map((version) => (
          <li key={version.version}>
            <button
              type="button"
              className={list.version}
              aria-pressed={version.version === chosen}
              onClick={() => setChosen(version.version)}
            >
              <strong className="num">{t('flows.version_number', { version: version.version })}</strong>
              {version.version === center.version?.version && (
                <span className={list.now}>{t('flows.in_force')}</span>
              )}
              <span className={list.what}>{changeText(t, version.change)}</span>
              <span className={grid.dim}>
                {`${fullDate(version.since)} ${timeOfDay(version.since)} · `}
                {version.author === 'file' ? t('flows.by_file') : version.author}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {shown ? (
        <Compared key={shown.version} version={shown} versions={versions} center={center} />
      ) : (
        <p className={css.hint}>{t('admin_history.choose')}</p>
      )}
    </div>
  );
}

interface ComparedProps {
  version: ConfigVersion;
  versions: readonly ConfigVersion[];
  center: Center;
}

function Compared({ version, versions, center }: ComparedProps) {
  const { t } = useTranslation();
  const before = versions.find((one) => one.version === version.version - 1);
  const [with_, setWith] = useState(before ? String(before.version) : '');
  // From the older to the newer; without a second one, from this one to what is in force.
  const from = with_ === '' ? version.version : Math.min(Number(with_), version.version);
  const to = with_ === '' ? null : Math.max(Number(with_), version.version);
  const query = useQuery({ ...configDiffQuery(from, to), staleTime: 0 });
  return (
    <div className={list.compared}>
      <div className={list.head}>
        <NativeSelect
          label={t('admin_history.compare', { version: version.version })}
          value={with_}
          onChange={(event) => setWith(event.currentTarget.value)}
          data={[
            { value: '', label: t('admin_history.in_force') },
            ...versions
              .filter((one) => one.version !== version.version)
              .map((one) => ({
                value: String(one.version),
                label: t('flows.version_number', { version: one.version }),
              })),
          ]}
        />
        <RollBack version={version} center={center} />
      </div>
      {query.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {query.isError && <Failure error={query.error} />}
      {query.isSuccess && <UnifiedDiff diff={query.data.diff} />}
    </div>
  );
}

/** Asks once more, with what would be undone. */
function RollBack({ version, center }: { version: ConfigVersion; center: Center }) {
  const { t } = useTranslation();
  const may = useMay('config.edit');
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const undone = useQuery({ ...configDiffQuery(version.version, null), enabled: asked, staleTime: 0 });
  const back = useMutation({
    mutationFn: () => rollBackConfig(version.version, center.tag),
    onSuccess: async (fresh) => {
      queries.setQueryData(centerQuery().queryKey, fresh);
      setAsked(false);
      await queries.invalidateQueries({ queryKey: ['config', 'versions'] });
      await queries.invalidateQueries({ queryKey: ['config', 'diff'] });
    },
  });
  if (!may || version.version === center.version?.version) return null;
  if (!asked) {
    return (
      <Button variant="default" onClick={() => setAsked(true)}>
        {t('admin_history.back', { version: version.version })}
      </Button>
    );
  }
  const refused = back.error instanceof Problem ? back.error : null;
  return (
    <fieldset className={list.asked} aria-label={t('admin_history.back', { version: version.version })}>
      <p className={change.dim}>
        {undone.data?.diff === ''
          ? t('admin_history.nothing')
          : t('admin_history.undoes', {
              count: changedLines(undone.data?.diff ?? ''),
              since: version.version,
            })}
      </p>
      {refused?.status === 412 ? (
        <p className={css.error} role="alert">
          {t('admin_history.raced')}
          <AskingButton
            size="compact-xs"
            variant="subtle"
            onClick={() =>
              void readCenter().then((fresh) => {
                queries.setQueryData(centerQuery().queryKey, fresh);
                back.reset();
              })
            }
          >
            {t('flows.read_again')}
          </AskingButton>
        </p>
      ) : refused && refused.fields.length + refused.mistakes.length > 0 ? (
        <div className={change.wrong}>
          <FieldProblems errors={refused.fields} />
          <Places mistakes={refused.mistakes} />
        </div>
      ) : (
        back.isError && <Failure error={back.error} />
      )}
      <Button variant="default" onClick={() => setAsked(false)}>
        {t('admin_prompt.cancel')}
      </Button>
      <AskingButton color="red.9" loading={back.isPending} onClick={() => back.mutate()}>
        {t('admin_history.back_now', { version: version.version })}
      </AskingButton>
    </fieldset>
  );
}

/** What the server notes where nobody has changed something in the pages. */
function changeText(t: TFunction, change: string): string {
  if (change === 'start') return t('admin_history.at_start');
  return change === 'center.yaml' ? t('flows.by_file') : change;
}

function changedLines(diff: string): number {
  return diff.split('\n').filter((line) => /^[+-](?![+-])/.test(line)).length;
}
