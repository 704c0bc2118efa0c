// The texts that were in force, what was changed, and the way back.

import { Loader } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { rollBackFlow, versionQuery, versionsQuery } from '../api/flows';
import type { FlowVersion } from '../api/types';
import { useMay } from '../app/session';
import { fullDate, timeOfDay } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { Difference } from './Difference';
import css from './Flows.module.css';

interface Props {
  flow: string;
  text: string;
  tag: string;
  restored(): void;
}

export function History({ flow, text, tag, restored }: Props) {
  const { t } = useTranslation();
  const query = useQuery(versionsQuery(flow));
  const [chosen, setChosen] = useState<number | null>(null);
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const { versions } = query.data;
  const shown = versions.find(({ version }) => version === chosen);
  return (
    <div className={css.history}>
      <ol className={css.versions}>
        {versions.map((version, index) => (
          <li key={version.version}>
            <button
              type="button"
              aria-pressed={version.version === chosen}
              className={css.version}
              onClick={() => setChosen(version.version)}
            >
              <strong className="num">{t('flows.version_number', { version: version.version })}</strong>
              {index === 0 && <span className={css.now}>{t('flows.in_force')}</span>}
              <span className={css.dim}>
                {`${fullDate(version.since)} ${timeOfDay(version.since)} · `}
                {version.author === 'file' ? t('flows.by_file') : version.author}
                {version.removed && ` · ${t('flows.removed')}`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {shown && (
        <Version key={shown.version} flow={flow} version={shown} text={text} tag={tag} restored={restored} />
      )}
    </div>
  );
}

interface VersionProps extends Props {
  version: FlowVersion;
}

function Version({ flow, version, text, tag, restored }: VersionProps) {
  const { t } = useTranslation();
  const may = useMay('flows.edit');
  const query = useQuery(versionQuery(flow, version.version));
  const back = useMutation({
    mutationFn: () => rollBackFlow(flow, version.version, tag),
    onSuccess: restored,
  });
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const same = query.data.text === text;
  return (
    <div className={css.compared}>
      <div className={css.comparedHead}>
        <span>{same ? t('flows.same_text') : t('flows.against', { version: version.version })}</span>
        {may && !version.removed && !same && (
          <AskingButton loading={back.isPending} onClick={() => back.mutate()}>
            {t('flows.roll_back', { version: version.version })}
          </AskingButton>
        )}
      </div>
      {back.isError && <Failure error={back.error} />}
      {!same && <Difference before={query.data.text} after={text} label={t('flows.difference')} />}
    </div>
  );
}
