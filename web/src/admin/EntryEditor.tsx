// One entry of a section: its form, checked while one types, its diff before it is saved, its removal.

import { Button, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconArrowLeft, IconDeviceFloppy, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useMay } from '../app/session';
import { useLive } from '../live/store';
import { Failure } from '../ui/Failure';
import { Nothing } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import { Change, type Proposal, Restart } from './Change';
import { useCheck } from './center';
import { type Entry, entryOf, type Part, partOf, same } from './draft';
import { type FieldGroup, FieldGroups, FormContext, Rest, type Words } from './Form';
import css from './Form.module.css';
import { Leaving } from './Leaving';
import { FieldProblems, inFlows, Places } from './Problems';
import type { PageId } from './pages';
import { plain, problemsOf } from './plain';

/** In the address, in place of a name, for an entry that is not there yet: no name begins so. */
export const NEW = '~new';

export interface EditorProps {
  page: PageId;
  section: string;
  /** [`NEW`] for one that is not there yet. */
  name: string;
  center: Center;
  groups: readonly FieldGroup[];
  words: Words;
  /** What a new one begins with. */
  blank: Entry;
  /** What its name is called, and how it may look. */
  nameLabel: string;
  nameHint: string;
  /** Whether the name can be another one later. */
  renames?: boolean;
  /** Keys that `children` see to. */
  handled?: readonly string[];
  /** Between what is in the file and what the form shows. */
  toForm?: (entry: Entry) => Entry;
  fromForm?: (draft: Entry, before: Entry) => Entry;
  /** The path in the form of a path in the file. */
  pathInForm?: (path: string) => string;
  /** Other parts that go with its removal, and what is to be known about it. */
  removal?: ((name: string) => { parts: Part[]; note: ReactNode }) | undefined;
  /** Whether it can be removed and saved from here alone: keys without a form are shown as JSON. */
  rest?: boolean;
  /** Other parts that change with it. */
  extra?: {
    dirty: boolean;
    parts(name: string, sections: Entry): Part[];
    reset(): void;
  };
  children?: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  /** Above the fields. */
  head?: ReactNode;
}

export function EntryEditor(props: EditorProps) {
  const { t } = useTranslation();
  const { section, name, center } = props;
  const isNew = name === NEW;
  if (!isNew && partOf(center.sections, { section, name, value: null }) === null) {
    return <Nothing>{t('problem.not_found')}</Nothing>;
  }
  return <Bench key={name} {...props} />;
}

const SAME = (entry: Entry) => entry;
const SAME_PATH = (path: string) => path;

function useDraft({
  section,
  name,
  center,
  blank,
  toForm = SAME,
  fromForm = SAME,
  renames,
  extra,
}: EditorProps) {
  const isNew = name === NEW;
  const [begun, setBegun] = useState(center);
  const stored = isNew ? null : entryOf(partOf(begun.sections, { section, name, value: null }));
  const first = useMemo(() => toForm(stored ?? blank), [toForm, stored, blank]);
  const [typed, setTyped] = useState<Entry | null>(null);
  const [called, setCalled] = useState<string | null>(null);
  const draft = typed ?? first;
  const asCalled = (called ?? (isNew ? '' : name)).trim();
  const renamed = renames === true && !isNew && asCalled !== name;
  const own = isNew ? typed !== null || asCalled !== '' : renamed || !same(draft, first);
  const dirty = own || extra?.dirty === true;
  // What others change meanwhile is told when it is saved; until something is typed it is simply shown.
  if (!dirty && begun !== center) setBegun(center);
  const value = isNew || !same(draft, first) ? fromForm(draft, stored ?? {}) : (stored ?? {});
  const parts: Part[] = [
    ...(renamed ? [{ section, name, value: null }] : []),
    ...(own ? [{ section, name: asCalled, value }] : []),
    ...(extra?.parts(asCalled, begun.sections) ?? []),
  ];
  const now = isNew ? null : partOf(center.sections, { section, name, value: null });
  return {
    begun,
    draft,
    asCalled,
    called: called ?? (isNew ? '' : name),
    setCalled,
    change: setTyped,
    dirty,
    parts,
    others: dirty && !isNew && !same(now, stored),
    reset: (saved?: Center) => {
      setTyped(null);
      setCalled(null);
      extra?.reset();
      if (saved) setBegun(saved);
    },
  };
}

function Bench(props: EditorProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { page, section, name, center, groups, words, pathInForm = SAME_PATH } = props;
  const isNew = name === NEW;
  const may = useMay('config.edit');
  const connected = useLive((view) => view.connection === 'live');
  const form = useDraft(props);
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const taken =
    (isNew || form.asCalled !== name) &&
    section in center.sections &&
    form.asCalled in entryOf(center.sections[section]);
  const { check, error } = useCheck(may && form.dirty && form.asCalled !== '' && !taken ? form.parts : null);
  const all = form.dirty ? (check?.errors ?? []) : [];
  const { inside, outside } = problemsOf(all, `${section}.${form.asCalled}`);
  const errors = inside.map(({ field, problem }) => ({ field: pathInForm(field), problem }));
  const known = [
    ...groups.flatMap(({ fields }) => fields.map(({ path }) => path.split('.')[0] ?? '')),
    ...(props.handled ?? []),
  ];
  const save = () => {
    if (!may || !connected || !form.dirty || form.asCalled === '' || taken) return;
    const title = t(isNew ? 'admin_form.add_title' : 'admin_form.save_title', { name: form.asCalled });
    setProposal({ title, parts: form.parts, base: form.begun });
  };
  const remove = () => {
    const { parts = [], note = null } = props.removal?.(name) ?? {};
    setProposal({
      title: t('admin_form.delete_title', { name }),
      parts: [...parts, { section, name, value: null }],
      base: center,
      danger: true,
      note,
    });
  };
  useHotkeys([['mod+S', save]], []);
  const top = errors.filter(({ field }) => field === '');
  const nameError = taken ? t('admin_form.taken') : null;
  return (
    <FormContext value={{ draft: form.draft, change: form.change, errors, readOnly: !may, center }}>
      <header className={css.head}>
        <Link
          to="/admin/$page"
          params={{ page }}
          className={css.back}
          aria-label={t('admin_form.back')}
          title={t('admin_form.back')}
        >
          <IconArrowLeft size={18} aria-hidden />
        </Link>
        <h1>{isNew ? t('admin_form.new') : name}</h1>
        {form.dirty &&
          (all.length > 0 ? (
            <Tag tone="bad">{t('admin_form.wrong', { count: all.length })}</Tag>
          ) : (
            <Tag tone="hold">{t('admin_form.unsaved')}</Tag>
          ))}
        {props.aside}
        {may && (
          <div className={css.acts}>
            {!isNew && (
              <Button
                variant="subtle"
                color="red"
                leftSection={<IconTrash size={15} aria-hidden />}
                disabled={!connected}
                onClick={remove}
              >
                {t('admin_form.delete')}
              </Button>
            )}
            {form.dirty && (
              <Button variant="default" onClick={() => form.reset()}>
                {t('admin_form.undo')}
              </Button>
            )}
            <Button
              leftSection={<IconDeviceFloppy size={15} aria-hidden />}
              title={t('admin_form.save_key')}
              disabled={!form.dirty || !connected || form.asCalled === '' || taken}
              onClick={save}
            >
              {t('admin_form.save')}
            </Button>
          </div>
        )}
      </header>
      {form.others && (
        <p className={css.stale} role="status">
          {t('admin_form.others')}
        </p>
      )}
      {error !== null && <Failure error={error} />}
      <div className={css.form}>
        {(top.length > 0 || outside.length > 0) && (
          <div className={css.outside}>
            <FieldProblems errors={[...top, ...outside]} />
          </div>
        )}
        <Outside check={check} dirty={form.dirty} />
        {props.head}
        {(isNew || props.renames) && (
          <div className={css.section}>
            <TextInput
              label={props.nameLabel}
              description={props.nameHint}
              inputWrapperOrder={['label', 'input', 'error', 'description']}
              className={css.text}
              autoComplete="off"
              withAsterisk
              autoFocus={isNew}
              disabled={!may}
              value={form.called}
              error={nameError ?? nameProblem(t, errors)}
              onChange={(event) => form.setCalled(event.currentTarget.value)}
            />
          </div>
        )}
        <FieldGroups groups={groups} words={words} />
        {props.children}
        {props.rest !== false && (
          <div className={css.section}>
            <Rest known={known} />
          </div>
        )}
      </div>
      {form.dirty && <Restart sections={check?.needs_restart ?? []} />}
      <Leaving dirty={form.dirty && proposal === null} />
      {proposal && (
        <Change
          {...proposal}
          close={() => setProposal(null)}
          saved={(saved) => {
            setProposal(null);
            form.reset(saved);
            const target = proposal.danger ? null : form.asCalled;
            if (target === null) void navigate({ to: '/admin/$page', params: { page } });
            else if (target !== name) {
              void navigate({ to: '/admin/$page/$name', params: { page, name: target }, replace: true });
            }
          }}
        />
      )}
    </FormContext>
  );
}

function nameProblem(t: Parameters<typeof plain>[0], errors: readonly { field: string; problem: string }[]) {
  const found = errors.find(
    ({ field, problem }) => field === '' && /cannot be |is not a number|is there twice/.test(problem),
  );
  return found ? plain(t, found.problem) : null;
}

/** What flows would say. */
function Outside({ check, dirty }: { check: ReturnType<typeof useCheck>['check']; dirty: boolean }) {
  if (!dirty || check === null) return null;
  const mistakes = inFlows(check.mistakes, check.errors);
  if (mistakes.length === 0) return null;
  return (
    <div className={css.outside}>
      <Places mistakes={mistakes} />
    </div>
  );
}
