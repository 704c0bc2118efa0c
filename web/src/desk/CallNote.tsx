// What became of the call: notes, a disposition, a day to come back to it. What is typed stays until it is saved.

import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { dispose, dispositionsQuery, type Said } from '../api/agents';
import { callQuery } from '../api/calls';
import type { CallRecord, DispositionGroup, Dispositions } from '../api/types';
import { hotkey } from '../app/keys';
import { useLive } from '../live/store';
import { problemText } from '../ui/Failure';
import css from './CallNote.module.css';
import { type Note, useDraftStore, useNote } from './drafts';

const EMPTY = { note: '', code: '', follow_up: '' };
/** The hour of a follow-up on the next day. */
const MORNING_H = 9;

interface Props {
  call: string;
  caller: string;
  caller_name: string | null;
  queue: string | null;
  agent: string;
  /** The call cannot be left without one. */
  awaited: boolean;
}

export function CallNote({ call, caller, caller_name, queue, agent, awaited }: Props) {
  const { t } = useTranslation();
  const { notes } = useDraftStore();
  const queries = useQueryClient();
  const connected = useLive((view) => view.connection === 'live');
  const all = useQuery(dispositionsQuery());
  const record = useQuery(callQuery(call));
  const said = useQuery<Said | null>({ queryKey: ['said', call], queryFn: () => null, enabled: false });
  const draft = useNote(call);
  const select = useRef<HTMLSelectElement>(null);
  const stored = said.data ?? saidBefore(record.data, agent);
  const shown = draft ?? (stored ? fieldsOf(stored) : EMPTY);
  const save = useMutation({
    mutationFn: (fields: Pick<Note, 'note' | 'code' | 'follow_up'>) => dispose(call, toSaid(fields)),
    onSuccess: (_, fields) => {
      queries.setQueryData(['said', call], toSaid(fields));
      const now = notes.get(call);
      // What was typed meanwhile is not saved.
      if (now && now.note === fields.note && now.code === fields.code && now.follow_up === fields.follow_up) {
        notes.remove(call);
      }
      void queries.invalidateQueries({ queryKey: ['follow-ups'] });
    },
  });
  const choices = choicesOf(all.data, queue);
  const can = connected && shown.code !== '' && draft !== undefined && !save.isPending;
  const submit = () => {
    if (can) save.mutate(shown);
  };
  useHotkeys([hotkey('disposition', () => select.current?.focus()), hotkey('save', submit)], []);
  if (choices.length === 0) return null;

  const type = (part: Partial<typeof EMPTY>) => {
    const { note, code, follow_up } = { ...shown, ...part };
    notes.put({ call, caller, caller_name, note, code, follow_up, at_ms: Date.now() });
  };
  return (
    <form
      className={css.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
      data-awaited={awaited && stored === null}
    >
      <NativeSelect
        ref={select}
        label={t('said.disposition')}
        value={shown.code}
        onChange={(event) => type({ code: event.currentTarget.value })}
        data={[{ value: '', label: t('said.choose') }, ...choices]}
      />
      <Textarea
        label={t('said.note')}
        placeholder={t('said.note_hint')}
        rows={4}
        maxLength={1500}
        value={shown.note}
        onChange={(event) => type({ note: event.currentTarget.value })}
      />
      <TextInput
        label={t('said.follow_up')}
        type="datetime-local"
        value={shown.follow_up}
        onChange={(event) => type({ follow_up: event.currentTarget.value })}
      />
      <div className={css.presets}>
        <button type="button" onClick={() => type({ follow_up: localTime(inAnHour()) })}>
          {t('said.in_an_hour')}
        </button>
        <button type="button" onClick={() => type({ follow_up: localTime(tomorrow()) })}>
          {t('said.tomorrow')}
        </button>
        {shown.follow_up && (
          <button type="button" onClick={() => type({ follow_up: '' })}>
            {t('said.never')}
          </button>
        )}
      </div>
      <div className={css.foot}>
        <Button type="submit" color="violet.8" disabled={!can} loading={save.isPending}>
          {t('said.save')}
        </Button>
        <span className={css.status} role="status">
          {draft ? t('customer.state_draft') : stored ? t('said.saved') : ''}
        </span>
      </div>
      {save.isError && (
        <p className={css.error} role="alert">
          {problemText(t, save.error)}
        </p>
      )}
    </form>
  );
}

function saidBefore(record: CallRecord | undefined, agent: string): Said | null {
  const mine = record?.dispositions.filter((one) => one.agent === agent).at(-1);
  return mine ? { code: mine.code, note: mine.note, follow_up_at: mine.follow_up_at } : null;
}

function fieldsOf({ code, note, follow_up_at }: Said): typeof EMPTY {
  return {
    code,
    note: note ?? '',
    follow_up: follow_up_at === null ? '' : localTime(new Date(follow_up_at)),
  };
}

function toSaid({ code, note, follow_up }: Pick<Note, 'note' | 'code' | 'follow_up'>): Said {
  return {
    code,
    note: note.trim() || null,
    follow_up_at: follow_up === '' ? null : new Date(follow_up).toISOString(),
  };
}

interface Choice {
  value: string;
  label: string;
}

/** The tree of codes, as a list whose entries name the groups that they are in. */
export function choicesOf(all: Dispositions | undefined, queue: string | null): Choice[] {
  if (!all) return [];
  const allowed = new Set((queue === null ? undefined : all.queues[queue]) ?? Object.keys(all.dispositions));
  const found: Choice[] = [];
  const walk = (groups: readonly DispositionGroup[], above: string) => {
    for (const group of groups) {
      const path = `${above}${group.name} › `;
      for (const code of group.codes) {
        if (!allowed.delete(code)) continue;
        found.push({ value: code, label: path + (all.dispositions[code] ?? code) });
      }
      walk(group.groups, path);
    }
  };
  walk(all.groups, '');
  return [...found, ...[...allowed].map((code) => ({ value: code, label: all.dispositions[code] ?? code }))];
}

/** As the field has it: the time here, to the minute. */
export function localTime(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function inAnHour(): Date {
  return new Date(Date.now() + 3_600_000);
}

function tomorrow(): Date {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  day.setHours(MORNING_H, 0, 0, 0);
  return day;
}
