// One flow: its text beside its picture, a test call through it, and its history.

import '../texts/wide';
import { Button, Loader, Modal, Tabs } from '@mantine/core';
import { IconArrowLeft, IconDeviceFloppy, IconHistory, IconPhone, IconSitemap } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { checkFlow, flowQuery, flowSchemaQuery, saveFlow } from '../api/flows';
import { Problem } from '../api/http';
import type { FlowCheck, FlowGraph, FlowMistake, FlowText } from '../api/types';
import { useMay } from '../app/session';
import { fullDate, timeOfDay } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { CodeEditor, type CodeHandle } from './CodeEditor';
import { useCounts } from './counts';
import { Difference } from './Difference';
import { keepDraft, readDraft } from './drafts';
import { FlowPicture } from './FlowPicture';
import css from './Flows.module.css';
import { History } from './History';
import { type Path, type Schema, takesName } from './schema';
import { TestCall } from './TestCall';

/** After the last key the text is checked. */
const CHECK_AFTER_MS = 350;

export function Editor() {
  const { t } = useTranslation();
  const { flow } = useParams({ from: '/flows/$flow' });
  const may = useMay('flows.see');
  const query = useQuery({ ...flowQuery(flow), enabled: may, staleTime: 0, refetchOnMount: 'always' });
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  const missing = query.error instanceof Problem && query.error.status === 404;
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError && !missing) return <Failure error={query.error} retry={() => void query.refetch()} />;
  // A flow that is not there yet is written here for the first time.
  const saved = query.data ?? { body: { flow: null, text: firstText(flow) }, tag: '' };
  return <Workbench key={flow} name={flow} saved={saved} />;
}

function firstText(name: string): string {
  return `flow: ${name}\nlanguages: [en]\nstart: answer\n\nsteps:\n  answer:\n    answer: {then: bye}\n\n  bye:\n    hangup: {cause: normal}\n`;
}

interface Saved {
  body: { flow: FlowText['flow'] | null; text: string };
  tag: string;
}

function Workbench({ name, saved }: { name: string; saved: Saved }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayEdit = useMay('flows.edit');
  const code = useRef<CodeHandle>(null);
  const [draft] = useState(() => (mayEdit ? readDraft(name) : null));
  const [text, setText] = useState(draft?.text ?? saved.body.text);
  const [line, setLine] = useState(1);
  const [saving, setSaving] = useState(false);
  const check = useCheck(name, text);
  const rules = (useQuery(flowSchemaQuery()).data as Schema | undefined) ?? null;
  const isNew = saved.body.flow === null;
  const changed = isNew || text !== saved.body.text;

  useEffect(() => {
    if (mayEdit) keepDraft(name, text === saved.body.text ? null : { text, tag: saved.tag });
  }, [mayEdit, name, text, saved]);
  const graph = check?.graph ?? null;
  const steps = useMemo(() => (graph?.nodes ?? []).map(({ step }) => step), [graph]);
  const names = (path: Path, isKey: boolean) =>
    rules && (!isKey || path.at(-1) === null) && takesName(rules, path) ? steps : [];
  const current = useMemo(
    () => graph?.nodes.findLast((node) => node.line <= line)?.step ?? null,
    [graph, line],
  );
  const goTo = useCallback(
    (place: { line: number; column: number }) => code.current?.goTo(place.line, place.column),
    [],
  );
  const mistakes = check?.mistakes ?? NO_MISTAKES;
  const wrong = mistakes.filter(({ severity }) => severity === 'error').length;
  const restored = async () => {
    await queries.invalidateQueries({ queryKey: ['flow', name] });
    const fresh = await queries.fetchQuery({ ...flowQuery(name), staleTime: 0 });
    code.current?.replace(fresh.body.text);
  };
  return (
    <div className={css.bench}>
      <Head
        name={name}
        saved={saved}
        changed={changed}
        wrong={wrong}
        save={mayEdit ? () => setSaving(true) : null}
      />
      {draft !== null && draft.tag !== saved.tag && changed && (
        <Stale discard={() => code.current?.replace(saved.body.text)} />
      )}
      <div className={css.sides}>
        <section className={css.side} aria-label={t('flows.text')}>
          <CodeEditor
            ref={code}
            label={t('flows.text')}
            text={text}
            readOnly={!mayEdit}
            schema={rules}
            names={names}
            mistakes={mistakes}
            changed={setText}
            moved={setLine}
            save={() => mayEdit && changed && setSaving(true)}
          />
          <Mistakes mistakes={mistakes} goTo={goTo} />
        </section>
        <Views
          name={name}
          saved={saved}
          text={text}
          graph={graph}
          current={current}
          goTo={goTo}
          restored={() => void restored()}
        />
      </div>
      {saving && (
        <Save
          name={name}
          saved={saved}
          isNew={isNew}
          text={text}
          wrong={wrong}
          close={() => setSaving(false)}
        />
      )}
    </div>
  );
}

interface ViewsProps {
  name: string;
  saved: Saved;
  text: string;
  graph: FlowGraph | null;
  current: string | null;
  goTo(place: { line: number; column: number }): void;
  restored(): void;
}

/** What is seen beside the text: its picture, a call through it, what it was before. */
function Views({ name, saved, text, graph, current, goTo, restored }: ViewsProps) {
  const { t } = useTranslation();
  const counts = useCounts(name);
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const [reached, setReached] = useState<string | null>(null);
  const ran = useCallback((ways: ReadonlySet<string>, step: string | null) => {
    setTaken(ways);
    setReached(step);
  }, []);
  return (
    <Tabs defaultValue="graph" className={css.side} keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="graph" leftSection={<IconSitemap size={15} aria-hidden />}>
          {t('flows.graph')}
        </Tabs.Tab>
        <Tabs.Tab value="test" leftSection={<IconPhone size={15} aria-hidden />}>
          {t('flows.test')}
        </Tabs.Tab>
        {saved.body.flow !== null && (
          <Tabs.Tab value="history" leftSection={<IconHistory size={15} aria-hidden />}>
            {t('flows.history')}
          </Tabs.Tab>
        )}
      </Tabs.List>
      <Tabs.Panel value="graph" className={css.tab}>
        {graph === null ? (
          <Nothing>{t('flows.no_graph')}</Nothing>
        ) : (
          <FlowPicture
            graph={graph}
            counts={counts}
            current={current}
            taken={taken}
            reached={reached}
            goTo={goTo}
          />
        )}
      </Tabs.Panel>
      <Tabs.Panel value="test" className={css.tab}>
        <div className={css.split}>
          <TestCall flow={name} text={text} ran={ran} />
          {graph !== null && (
            <FlowPicture
              graph={graph}
              counts={counts}
              current={null}
              taken={taken}
              reached={reached}
              goTo={goTo}
            />
          )}
        </div>
      </Tabs.Panel>
      <Tabs.Panel value="history" className={css.tab}>
        <History flow={name} text={saved.body.text} tag={saved.tag} restored={restored} />
      </Tabs.Panel>
    </Tabs>
  );
}

const NO_MISTAKES: readonly FlowMistake[] = [];

/** What the server says of the text, a moment after the last key; the last answer stays until the next. */
function useCheck(name: string, text: string): FlowCheck | null {
  const [check, setCheck] = useState<FlowCheck | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      checkFlow(name, text, stop.signal).then(
        (answer) => setCheck((before) => ({ ...answer, graph: answer.graph ?? before?.graph ?? null })),
        () => {},
      );
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [name, text]);
  return check;
}

interface HeadProps {
  name: string;
  saved: Saved;
  changed: boolean;
  wrong: number;
  save: (() => void) | null;
}

function Head({ name, saved, changed, wrong, save }: HeadProps) {
  const { t } = useTranslation();
  const flow = saved.body.flow;
  return (
    <header className={css.head}>
      <Link to="/flows" className={css.back} aria-label={t('flows.all')} title={t('flows.all')}>
        <IconArrowLeft size={18} aria-hidden />
      </Link>
      <h1>{name}</h1>
      {flow?.version !== null && flow?.version !== undefined && (
        <span className={css.dim}>
          {t('flows.version_number', { version: flow.version })}
          {flow.since !== null && ` · ${fullDate(flow.since)} ${timeOfDay(flow.since)}`}
        </span>
      )}
      {wrong > 0 ? (
        <Tag tone="bad">{t('flows.wrong', { count: wrong })}</Tag>
      ) : changed ? (
        <Tag tone="hold">{t('flows.unsaved')}</Tag>
      ) : (
        <Tag tone="ready">{t('flows.in_force')}</Tag>
      )}
      {save !== null && (
        <Button
          className={css.save}
          leftSection={<IconDeviceFloppy size={15} aria-hidden />}
          disabled={!changed}
          onClick={save}
        >
          {t('flows.save')}
        </Button>
      )}
    </header>
  );
}

/** The draft was begun from a text that is not the one in force. */
function Stale({ discard }: { discard(): void }) {
  const { t } = useTranslation();
  return (
    <div className={css.stale} role="alert">
      {t('flows.stale')}
      <Button variant="default" onClick={discard}>
        {t('flows.discard')}
      </Button>
    </div>
  );
}

interface MistakesProps {
  mistakes: readonly FlowMistake[];
  goTo(place: { line: number; column: number }): void;
}

function Mistakes({ mistakes, goTo }: MistakesProps) {
  if (mistakes.length === 0) return null;
  return (
    <ul className={css.found}>
      {mistakes.map((mistake) => (
        <li key={`${mistake.file}${mistake.line}:${mistake.column}:${mistake.problem}`}>
          <button
            type="button"
            onClick={() => goTo(mistake)}
            data-tone={mistake.severity === 'error' ? 'bad' : 'hold'}
          >
            <span className="num">{mistake.line}</span> {mistake.problem}{' '}
            <span className={css.dim}>{mistake.remedy}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface SaveProps {
  name: string;
  saved: Saved;
  isNew: boolean;
  text: string;
  wrong: number;
  close(): void;
}

/** What will change for callers, before it does. */
function Save({ name, saved, isNew, text, wrong, close }: SaveProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => saveFlow(name, text, isNew ? null : saved.tag),
    onSuccess: (answer) => {
      keepDraft(name, null);
      queries.setQueryData(flowQuery(name).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ['flow', name, 'versions'] });
      void queries.invalidateQueries({ queryKey: ['flows'] });
      close();
    },
  });
  const refused = save.error instanceof Problem ? save.error.mistakes : [];
  const raced = save.error instanceof Problem && save.error.status === 412;
  return (
    <Modal opened onClose={close} size="90%" title={t('flows.save_title', { name })}>
      <div className={css.saving}>
        <Difference before={isNew ? '' : saved.body.text} after={text} label={t('flows.difference')} />
        {wrong > 0 && <p className={css.failed}>{t('flows.save_wrong', { count: wrong })}</p>}
        {raced ? (
          <p className={css.failed}>{t('flows.raced')}</p>
        ) : refused.length > 0 ? (
          <Mistakes mistakes={refused} goTo={close} />
        ) : (
          save.isError && <Failure error={save.error} />
        )}
        <div className={css.buttons}>
          <span className={css.dim}>{t('flows.save_hint')}</span>
          <Button variant="default" onClick={close}>
            {t('flows.go_on')}
          </Button>
          {raced && (
            <AskingButton
              variant="default"
              onClick={() => void queries.invalidateQueries({ queryKey: ['flow', name] }).then(close)}
            >
              {t('flows.read_again')}
            </AskingButton>
          )}
          <AskingButton data-autofocus loading={save.isPending} onClick={() => save.mutate()}>
            {t('flows.save_now')}
          </AskingButton>
        </div>
      </div>
    </Modal>
  );
}
