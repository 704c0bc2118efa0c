// The file as it is written, comments and all, for what has no form; what is wrong is marked where it stands.

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Center,
  centerQuery,
  checkConfig,
  configSchemaQuery,
  readCenter,
  saveConfig,
} from '../api/config';
import { Problem } from '../api/http';
import type { ConfigCheck, FlowMistake } from '../api/types';
import { useMay } from '../app/session';
import { CodeEditor, type CodeHandle } from '../flows/CodeEditor';
import type { Path, Schema } from '../flows/schema';
import { useLive } from '../live/store';
import { dayAndTime } from '../texts/format';
import { Failure } from '../ui/Failure';
import { Tag } from '../ui/Tag';
import { Restart } from './Change';
import { namesAt } from './centerNames';
import css from './Form.module.css';
import { Leaving } from './Leaving';
import { FieldProblems, Places } from './Problems';
import { UnifiedDiff } from './UnifiedDiff';
import { useFlowNames } from './useFlows';
import look from './Versions.module.css';

const CHECK_AFTER_MS = 400;
const NOTHING: readonly FlowMistake[] = [];

export function FileEditor({ center }: { center: Center }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const may = useMay('config.edit');
  const connected = useLive((view) => view.connection === 'live');
  const code = useRef<CodeHandle>(null);
  const [begun, setBegun] = useState(center);
  const [text, setText] = useState(center.text);
  const [looking, setLooking] = useState(false);
  const dirty = text !== begun.text;
  const check = useTextCheck(text, dirty);
  const schema = (useQuery({ ...configSchemaQuery(), enabled: may }).data as Schema | undefined) ?? null;
  const flows = useFlowNames();
  const names = (path: Path, isKey: boolean) => namesAt(text, path, isKey, flows);
  useEffect(() => {
    // What others save is shown at once while nothing is typed here.
    if (dirty || begun.tag === center.tag) return;
    setBegun(center);
    code.current?.replace(center.text);
  }, [dirty, begun, center]);
  const save = useMutation({
    mutationFn: () => saveConfig({ text }, begun.tag),
    onSuccess: (saved) => {
      setLooking(false);
      setBegun(saved);
      code.current?.replace(saved.text);
      queries.setQueryData(centerQuery().queryKey, saved);
      void queries.invalidateQueries({ queryKey: ['config', 'versions'] });
    },
  });
  const refused = save.error instanceof Problem ? save.error : null;
  const raced = refused?.status === 412;
  const mistakes = check?.mistakes ?? NOTHING;
  // Most mistakes are told twice: by place and by field.
  const bad = mistakes.filter(({ severity }) => severity === 'error').length;
  const wrong = Math.max(bad, check?.errors.length ?? 0);
  const own = mistakes.filter(({ file }) => file.endsWith('center.yaml'));
  return (
    <div className={look.editor}>
      <div className={look.bar}>
        {dirty && (
          <Tag tone={wrong > 0 ? 'bad' : 'hold'}>
            {t(wrong > 0 ? 'admin_form.wrong' : 'admin_form.unsaved', { count: wrong })}
          </Tag>
        )}
        <span className={css.hintLine}>{t('admin_history.passwords')}</span>
        {may && (
          <div className={css.acts}>
            {dirty && (
              <Button variant="default" onClick={() => code.current?.replace(begun.text)}>
                {t('admin_form.undo')}
              </Button>
            )}
            {dirty && (
              <Button variant="default" aria-pressed={looking} onClick={() => setLooking(!looking)}>
                {t(looking ? 'admin_history.edit' : 'admin_history.look')}
              </Button>
            )}
            <Button
              disabled={!dirty || !connected || check === null || wrong > 0 || !looking}
              title={t('admin_history.look_first')}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              {t('admin_change.save')}
            </Button>
          </div>
        )}
      </div>
      {raced && <Raced begun={begun} adopt={setBegun} reset={save.reset} />}
      {refused && !raced && refused.fields.length + refused.mistakes.length === 0 && (
        <Failure error={refused} />
      )}
      <Restart sections={check?.needs_restart ?? []} />
      {looking && check !== null && (
        <div className={css.section}>
          <UnifiedDiff diff={check.diff} />
        </div>
      )}
      <div className={look.code}>
        <CodeEditor
          ref={code}
          label={t('admin_history.file')}
          text={text}
          readOnly={!may}
          schema={schema}
          names={names}
          mistakes={own}
          changed={setText}
          moved={ignore}
          save={() => dirty && setLooking(true)}
        />
      </div>
      {wrong > 0 && check !== null && (
        <div className={look.wrong}>
          {own.length === 0 && <FieldProblems errors={check.errors} />}
          <Places mistakes={mistakes.filter(({ severity }) => severity === 'error')} />
        </div>
      )}
      <Leaving dirty={dirty && !save.isPending} />
    </div>
  );
}

const ignore = () => {};

function useTextCheck(text: string, dirty: boolean): ConfigCheck | null {
  const [check, setCheck] = useState<{ text: string; answer: ConfigCheck } | null>(null);
  useEffect(() => {
    if (!dirty) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      checkConfig({ text }, stop.signal).then(
        (answer) => setCheck({ text, answer }),
        () => {},
      );
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, dirty]);
  return dirty && check?.text === text ? check.answer : null;
}

/** Somebody has saved meanwhile: what, and what can be done. */
function Raced({ begun, adopt, reset }: { begun: Center; adopt(center: Center): void; reset(): void }) {
  const { t } = useTranslation();
  const [fresh, setFresh] = useState<Center | null>(null);
  const [diff, setDiff] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const now = await readCenter(stop.signal);
      // From what is there now to what I began with: their change, the other way round.
      const check = await checkConfig({ text: begun.text }, stop.signal);
      setDiff(check.diff);
      setFresh(now);
    };
    read().catch(() => {});
    return () => stop.abort();
  }, [begun]);
  if (!fresh) return null;
  return (
    <div className={css.stale} role="alert">
      <p>
        {fresh.version
          ? t('admin_change.raced_by', {
              author: fresh.version.author,
              time: dayAndTime(fresh.version.since),
            })
          : t('admin_change.raced')}{' '}
        {t('admin_history.theirs')}
      </p>
      <UnifiedDiff diff={turned(diff)} />
      <Button
        mt={8}
        variant="default"
        onClick={() => {
          adopt({ ...fresh, text: begun.text });
          reset();
        }}
      >
        {t('admin_history.over')}
      </Button>
    </div>
  );
}

/** A difference the other way round. */
function turned(diff: string): string {
  return diff
    .split('\n')
    .filter((line) => !/^(---|\+\+\+) /.test(line))
    .map((line) =>
      line.startsWith('+') ? `-${line.slice(1)}` : line.startsWith('-') ? `+${line.slice(1)}` : line,
    )
    .join('\n');
}
