// Forms over an entry of the configuration, made from a description of its fields: each with its label, what it means, what
// counts if it is left empty, and what is wrong with it.

import {
  Autocomplete,
  MultiSelect,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Select,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core';
import { createContext, type ReactNode, useContext, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import type { FieldProblem } from '../api/types';
import { word } from '../texts/format';
import { at, type Entry, isEntry, put } from './draft';
import css from './Form.module.css';
import { plain, problemsAt } from './plain';

export interface Choice {
  value: string;
  label: string;
}

interface Named {
  /** Where it stands in the entry: `wrap_up.mode`. Its label is `wrap_up_mode` of the form's words. */
  path: string;
  /** Whether there is an explanation under the same key of the form's hints. */
  hint?: boolean;
  /** Takes the whole width. */
  wide?: boolean;
  /** Shown only then. */
  when?: (draft: Entry) => boolean;
}

export type Field = Named &
  (
    | { kind: 'text'; needed?: boolean; usual?: string }
    /** Several lines. */
    | { kind: 'lines' }
    | { kind: 'password' }
    | { kind: 'number'; min: number; max: number; usual?: number; unit?: 's' | 'days' | 'hours' | 'dbfs' }
    | { kind: 'yes'; usual: boolean }
    | { kind: 'choice'; options: readonly string[]; usual: string; words: string }
    /** One of the names that there are; a name of one's own with `free`. */
    | { kind: 'pick'; from: (center: Center) => Choice[]; needed?: boolean; free?: boolean }
    /** Several of the names that there are; names of one's own with `free`. */
    | { kind: 'names'; from: (center: Center) => Choice[]; free?: boolean; max?: number }
    /** Short texts, such as numbers. */
    | { kind: 'texts'; max?: number }
  );

export interface FieldGroup {
  id: string;
  fields: readonly Field[];
}

/** Groups of texts in `admin.*.json`. */
export interface Words {
  /** Labels of fields. */
  field: string;
  /** What fields mean. */
  hint: string;
  /** Titles of groups. */
  group: string;
}

export interface FormState {
  draft: Entry;
  change(draft: Entry): void;
  /** By path in the entry. */
  errors: readonly FieldProblem[];
  readOnly: boolean;
  center: Center;
}

export const FormContext = createContext<FormState | null>(null);

export function useForm(): FormState {
  const form = useContext(FormContext);
  if (!form) throw new Error('there is no form around this field');
  return form;
}

/** What is wrong at a path and below it, in words. */
export function useErrorAt(path: string, shallow = false): string | null {
  const { t } = useTranslation();
  const { errors } = useForm();
  const found = shallow ? errors.filter(({ field }) => field === path) : problemsAt(errors, path);
  return found.length === 0 ? null : found.map(({ problem }) => plain(t, problem)).join(' ');
}

export function FieldGroups({ groups, words }: { groups: readonly FieldGroup[]; words: Words }) {
  const { t } = useTranslation();
  return groups.map(({ id, fields }) => (
    <Section key={id} title={word(t, words.group, id)}>
      {fields.map((field) => (
        <OneField key={field.path} field={field} words={words} />
      ))}
    </Section>
  ));
}

/** A titled part of a form. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <fieldset className={css.section} aria-labelledby={id}>
      <h3 id={id} className={css.title}>
        {title}
      </h3>
      <div className={css.fields}>{children}</div>
    </fieldset>
  );
}

function OneField({ field, words }: { field: Field; words: Words }) {
  const { t } = useTranslation();
  const form = useForm();
  const error = useErrorAt(field.path);
  if (field.when && !field.when(form.draft)) return null;
  const key = field.path.replaceAll('.', '_');
  const value = at(form.draft, field.path);
  const set = (next: unknown) => form.change(put(form.draft, field.path, next));
  const base = {
    label: word(t, words.field, key),
    description: field.hint ? word(t, words.hint, key) : undefined,
    error,
    disabled: form.readOnly,
    'data-field': field.path,
    inputWrapperOrder: ['label', 'input', 'error', 'description'] as (
      | 'label'
      | 'input'
      | 'error'
      | 'description'
    )[],
  };
  return (
    <div className={field.wide ? css.wide : undefined}>
      <Control field={field} base={base} value={value} set={set} center={form.center} />
    </div>
  );
}

interface ControlProps {
  field: Field;
  base: { label: string; error: string | null; disabled: boolean };
  value: unknown;
  set(value: unknown): void;
  center: Center;
}

function Control({ field, base, value, set, center }: ControlProps) {
  const { t } = useTranslation();
  const text = typeof value === 'string' ? value : '';
  const unset = (next: string) => set(next === '' ? undefined : next);
  switch (field.kind) {
    case 'text':
      return (
        <TextInput
          {...base}
          autoComplete="off"
          required={field.needed ?? false}
          withAsterisk={field.needed ?? false}
          placeholder={field.usual}
          value={text}
          onChange={(event) => unset(event.currentTarget.value)}
        />
      );
    case 'lines':
      return (
        <Textarea
          {...base}
          autosize
          minRows={3}
          maxRows={16}
          value={text}
          onChange={(event) => unset(event.currentTarget.value)}
        />
      );
    case 'password':
      return (
        <PasswordInput
          {...base}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('admin_form.show_password') }}
          value={text}
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => unset(event.currentTarget.value)}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...base}
          size="xs"
          allowDecimal={false}
          clampBehavior="none"
          min={field.min}
          max={field.max}
          suffix={field.unit ? ` ${t(`admin_unit.${field.unit}`)}` : ''}
          placeholder={field.usual === undefined ? t('admin_form.none') : String(field.usual)}
          value={typeof value === 'number' ? value : ''}
          onChange={(next) => set(typeof next === 'number' ? next : undefined)}
        />
      );
    case 'yes':
      return (
        <NativeSelect
          {...base}
          value={value === undefined ? '' : String(value)}
          onChange={(event) => {
            const next = event.currentTarget.value;
            set(next === '' ? undefined : next === 'true');
          }}
          data={[
            {
              value: '',
              label: t('admin_form.usual', { value: t(field.usual ? 'admin_form.yes' : 'admin_form.no') }),
            },
            { value: 'true', label: t('admin_form.yes') },
            { value: 'false', label: t('admin_form.no') },
          ]}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          {...base}
          value={text}
          onChange={(event) => unset(event.currentTarget.value)}
          data={[
            { value: '', label: t('admin_form.usual', { value: word(t, field.words, field.usual) }) },
            ...[...new Set([...field.options, ...(text === '' ? [] : [text])])].map((option) => ({
              value: option,
              label: word(t, field.words, option),
            })),
          ]}
        />
      );
    default:
      return <NamesControl field={field} base={base} value={value} set={set} center={center} />;
  }
}

function NamesControl({ field, base, value, set, center }: ControlProps) {
  const { t } = useTranslation();
  const text = typeof value === 'string' ? value : '';
  const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  const several = (next: string[]) => set(next.length === 0 ? undefined : next);
  switch (field.kind) {
    case 'pick': {
      const options = withOwn(field.from(center), text === '' ? [] : [text]);
      if (field.free) {
        return (
          <Autocomplete
            {...base}
            size="xs"
            data={options.map(({ value: name }) => name)}
            value={text}
            onChange={(next) => set(next === '' ? undefined : next)}
          />
        );
      }
      return (
        <Select
          {...base}
          searchable
          clearable={!field.needed}
          withAsterisk={field.needed ?? false}
          nothingFoundMessage={t('admin_form.nothing_found')}
          data={options}
          value={text === '' ? null : text}
          onChange={(next) => set(next ?? undefined)}
        />
      );
    }
    case 'names':
      if (field.free) {
        return (
          <TagsInput
            {...base}
            size="xs"
            {...(field.max === undefined ? {} : { maxTags: field.max })}
            data={field.from(center).map(({ value: name }) => name)}
            value={texts}
            onChange={several}
          />
        );
      }
      return (
        <MultiSelect
          {...base}
          size="xs"
          searchable
          hidePickedOptions
          {...(field.max === undefined ? {} : { maxValues: field.max })}
          nothingFoundMessage={t('admin_form.nothing_found')}
          data={withOwn(field.from(center), texts)}
          value={texts}
          onChange={several}
        />
      );
    case 'texts':
      return (
        <TagsInput
          {...base}
          size="xs"
          {...(field.max === undefined ? {} : { maxTags: field.max })}
          value={texts}
          onChange={several}
        />
      );
    default:
      return null;
  }
}

/** A name that is not among the choices, such as one that is gone, is still shown. */
function withOwn(choices: Choice[], own: readonly string[]): Choice[] {
  const more = own.filter((name) => !choices.some(({ value }) => value === name));
  return [...choices, ...more.map((name) => ({ value: name, label: name }))];
}

/** What the form has no fields for, as JSON. */
export function Rest({ known }: { known: readonly string[] }) {
  const { t } = useTranslation();
  const { draft, change, readOnly, errors } = useForm();
  const rest = Object.fromEntries(Object.entries(draft).filter(([key]) => !known.includes(key)));
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const asText = Object.keys(rest).length === 0 ? '' : JSON.stringify(rest, null, 2);
  const wrong = errors.filter(({ field }) => {
    const [key = ''] = field.split('.');
    return key !== '' && !known.includes(key);
  });
  const take = (text: string) => {
    setTyped(text);
    const read = text.trim() === '' ? {} : parsed(text);
    if (!isEntry(read)) {
      setProblem(typeof read === 'string' ? read : t('admin_form.no_object'));
      return;
    }
    setProblem(null);
    const kept = Object.entries(draft).filter(([key]) => known.includes(key));
    change({ ...Object.fromEntries(kept), ...read });
  };
  return (
    <Textarea
      className={css.wide}
      label={t('admin_form.rest')}
      description={t('admin_form.rest_hint')}
      inputWrapperOrder={['label', 'input', 'error', 'description']}
      autosize
      minRows={2}
      maxRows={16}
      spellCheck={false}
      disabled={readOnly}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
      value={typed ?? asText}
      error={
        problem ??
        (wrong.length > 0 ? wrong.map((one) => `${one.field}: ${plain(t, one.problem)}`).join(' ') : null)
      }
      onChange={(event) => take(event.currentTarget.value)}
      onBlur={() => problem === null && setTyped(null)}
    />
  );
}

/** A JSON value, or why it is none. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? null : value;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
