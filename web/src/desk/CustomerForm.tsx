// The caller's card: fields and note of a customer, or an empty form that makes one.

import { Button, Textarea, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { type FormEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeCustomer, createCustomer, readCustomer } from '../api/customers';
import { Problem } from '../api/http';
import type { Customer } from '../api/types';
import { KEYS } from '../app/keys';
import { useLive } from '../live/store';
import { timeOfDay } from '../texts/format';
import { Failure, problemText } from '../ui/Failure';
import css from './CustomerForm.module.css';
import { useDraftStore, useDrafts } from './drafts';
import {
  blankFields,
  check,
  conflicts,
  type Field,
  type Fields,
  fieldsOf,
  rebase,
  sameFields,
  toCustomer,
} from './fields';

/** Whose card it is. */
export interface Subject {
  call: string;
  caller: string;
  caller_name: string | null;
  customer: Customer | null;
  /** A customer of whom only the id is known. */
  customer_id: string | null;
}

const CARD_KEPT_MS = 3_600_000;

interface Card {
  card: Customer | null;
  /** On its way. */
  reading: boolean;
  /** The customer is known, but could not be read. */
  problem: Error | null;
  again(): void;
}

export function useCard(subject: Subject): Card {
  const { customer, customer_id } = subject;
  const query = useQuery({
    queryKey: ['card', subject.call],
    queryFn: customer_id === null ? skipToken : () => readCustomer(customer_id),
    ...(customer ? { initialData: customer } : {}),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: CARD_KEPT_MS,
  });
  return {
    card: query.data ?? null,
    reading: query.isFetching,
    problem: query.error,
    again: () => void query.refetch(),
  };
}

export function CustomerForm({ subject }: { subject: Subject }) {
  const { t } = useTranslation();
  const { card, reading, problem, again } = useCard(subject);
  const connected = useLive((view) => view.connection === 'live');
  const { fields, stored, dirty, change: type, revert } = useFields(subject, card);
  const save = useSave(subject, card, stored);
  const { conflict } = save;
  const [tried, setTried] = useState(false);
  const note = useRef<HTMLTextAreaElement>(null);

  // A customer who exists already must not be made a second time.
  const can = connected && !reading && problem === null;
  const local = tried ? check(fields) : [];
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    if (can && !save.isPending && check(fields).length === 0 && (dirty || card === null)) {
      save.mutate(fields);
    }
  };
  useHotkeys(
    [
      [KEYS.save, () => submit()],
      [KEYS.note, () => note.current?.focus()],
    ],
    [],
  );

  const input = (field: Field) => ({
    label: t(`customer.${field}`),
    value: fields[field],
    onChange: (event: { currentTarget: { value: string } }) => type(field, event.currentTarget.value),
    error: errorOf(t, field, local, save.error),
    ...(conflict && conflicts(conflict.base, fields, conflict.theirs).includes(field)
      ? { description: t('customer.theirs', { value: conflict.theirs[field] }) }
      : {}),
  });

  return (
    <form className={css.form} onSubmit={submit} noValidate>
      <div className={css.fields}>
        <TextInput {...input('name')} required withAsterisk={false} autoComplete="off" />
        <TextInput {...input('company')} autoComplete="off" />
        <TextInput {...input('email')} type="email" autoComplete="off" spellCheck={false} />
        <TextInput {...input('numbers')} placeholder={t('customer.numbers_hint')} autoComplete="off" />
        <TextInput {...input('class')} autoComplete="off" />
        <TextInput {...input('language')} placeholder={t('customer.language_hint')} autoComplete="off" />
      </div>
      <Textarea
        {...input('note')}
        ref={note}
        className={css.note}
        placeholder={t('customer.note_hint')}
        minRows={8}
      />
      <div className={css.foot}>
        <Button type="submit" loading={save.isPending} disabled={!can || (!dirty && card !== null)}>
          {card ? t('customer.save') : t('customer.create')}
        </Button>
        {dirty && (
          <Button variant="subtle" color="gray" onClick={revert}>
            {t('customer.undo')}
          </Button>
        )}
        <span className={css.status} role="status">
          {statusText(t, dirty, save.saved_at_ms)}
        </span>
        {problem && <Failure error={problem} retry={again} />}
        {conflict && dirty && <span className={css.warning}>{t('customer.changed')}</span>}
        {save.isError && !conflict && (
          <span className={css.error} role="alert">
            {problemText(t, save.error)}
          </span>
        )}
      </div>
    </form>
  );
}

/** What the form shows: the card, and over it what was typed. */
function useFields(subject: Subject, card: Customer | null) {
  const store = useDraftStore();
  const draft = useDrafts().find(({ call }) => call === subject.call);
  const { call, caller, caller_name } = subject;
  const stored = useMemo(
    () => (card ? fieldsOf(card) : blankFields(caller, caller_name)),
    [card, caller, caller_name],
  );
  const fields = draft ? rebase(draft.base, draft.fields, stored) : stored;
  const change = (field: Field, value: string) => {
    store.put({
      call,
      caller,
      caller_name,
      customer: card?.id ?? subject.customer_id,
      base: stored,
      fields: { ...fields, [field]: value },
      at_ms: Date.now(),
    });
  };
  return {
    fields,
    stored,
    dirty: !sameFields(fields, stored),
    change,
    revert: () => store.remove(call),
  };
}

/** Somebody else was first: what the card held when the agent began to type, and what it holds since. */
interface Conflict {
  base: Fields;
  theirs: Fields;
}

class ChangedMeanwhile extends Error {
  readonly current: Customer;

  constructor(current: Customer) {
    super('customer changed meanwhile');
    this.current = current;
  }
}

/** Writes the card; when somebody else was first, takes theirs under what was typed. */
function useSave(subject: Subject, card: Customer | null, stored: Fields) {
  const queries = useQueryClient();
  const drafts = useDraftStore();
  const [saved_at_ms, setSavedAt] = useState<number | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);

  const mutation = useMutation({
    mutationFn: (fields: Fields) => (card ? change(card, fields) : createCustomer(toCustomer(fields))),
    onSuccess: (answer, submitted) => {
      setConflict(null);
      setSavedAt(Date.now());
      queries.setQueryData(['card', subject.call], answer);
      const draft = drafts.get(subject.call);
      if (!draft) return;
      // What was typed while the answer was on its way stays.
      const base = fieldsOf(answer);
      const shown = rebase(draft.base, draft.fields, stored);
      const fields = rebase(submitted, shown, base);
      drafts.put({ ...draft, customer: answer.id, base, fields });
    },
    onError: (error) => {
      if (!(error instanceof ChangedMeanwhile) || !card) return;
      const base = drafts.get(subject.call)?.base ?? stored;
      setConflict({ base, theirs: fieldsOf(error.current) });
      queries.setQueryData(['card', subject.call], error.current);
    },
  });
  return { ...mutation, saved_at_ms, conflict };
}

async function change(card: Customer, fields: Fields): Promise<Customer> {
  try {
    return await changeCustomer(card, toCustomer(fields));
  } catch (error) {
    if (!(error instanceof Problem && error.status === 412)) throw error;
    throw new ChangedMeanwhile(await readCustomer(card.id));
  }
}

function statusText(t: TFunction, dirty: boolean, saved_at_ms: number | null): string {
  if (dirty) return t('customer.state_draft');
  return saved_at_ms === null ? '' : t('customer.state_saved', { time: timeOfDay(saved_at_ms, false) });
}

function errorOf(
  t: TFunction,
  field: Field,
  local: ReturnType<typeof check>,
  answer: Error | null,
): string | undefined {
  const mine = local.find((error) => error.field === field);
  if (mine) return t(`customer.${mine.error}`, { number: mine.value });
  if (!(answer instanceof Problem)) return undefined;
  return answer.fields.find((error) => error.field.split(/[.[]/)[0] === field)?.problem;
}
