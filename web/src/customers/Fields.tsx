// The fields of a customer, the center's own included, each with what is wrong with it.

import { ActionIcon, Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { customerFieldsQuery } from '../api/customers';
import { Problem } from '../api/http';
import { directoryQuery } from '../api/softphone';
import type { CustomerField, FieldValue } from '../api/types';
import { useMay } from '../app/session';
import { currentLanguage } from '../texts';
import css from './Customers.module.css';
import { type Full, labelOf } from './draft';

interface Props {
  full: Full;
  change(full: Full): void;
  readOnly: boolean;
  error: Error | null;
}

export function Fields({ full, change, readOnly, error }: Props) {
  const { t } = useTranslation();
  const put = (part: Partial<Full>) => change({ ...full, ...part });
  const wrong = (field: string) => problemOf(error, field);
  const text = (field: 'company' | 'email' | 'class' | 'language') => ({
    label: t(`customer.${field}`),
    value: full[field] ?? '',
    onChange: (event: { currentTarget: { value: string } }) => put({ [field]: event.currentTarget.value }),
    error: wrong(field),
    readOnly,
    autoComplete: 'off',
  });
  return (
    <>
      <div className={css.fields}>
        <TextInput
          label={t('customer.name')}
          value={full.name}
          onChange={(event) => put({ name: event.currentTarget.value })}
          error={wrong('name')}
          readOnly={readOnly}
          required
          withAsterisk={false}
          autoComplete="off"
        />
        <TextInput {...text('company')} />
        <TextInput {...text('email')} type="email" />
        <TextInput {...text('class')} />
        <TextInput {...text('language')} placeholder={t('customer.language_hint')} />
        <AgentField full={full} put={put} readOnly={readOnly} error={wrong('agent')} />
      </div>
      <Lines
        label={t('customer.numbers')}
        add={t('customers.add_number')}
        lines={full.numbers}
        put={(numbers) => put({ numbers })}
        readOnly={readOnly}
        wrong={(index) => wrong(`numbers[${index}]`) ?? (index === 0 ? wrong('numbers') : undefined)}
      />
      <div className={css.fields}>
        <TextInput
          label={t('customer.tags')}
          placeholder={t('customer.tags_hint')}
          value={full.tags.join(', ')}
          onChange={(event) => put({ tags: event.currentTarget.value.split(/,\s?/) })}
          error={wrong('tags')}
          readOnly={readOnly}
        />
        <div className={css.checks}>
          <Checkbox
            size="xs"
            label={t('customer.vip')}
            checked={full.vip}
            disabled={readOnly}
            onChange={(event) => put({ vip: event.currentTarget.checked })}
          />
          <Checkbox
            size="xs"
            label={t('customer.blocked')}
            checked={full.blocked}
            disabled={readOnly}
            onChange={(event) => put({ blocked: event.currentTarget.checked })}
          />
        </div>
      </div>
      <OwnFields full={full} put={put} readOnly={readOnly} wrong={wrong} />
      <Textarea
        label={t('customer.note')}
        rows={4}
        value={full.note ?? ''}
        onChange={(event) => put({ note: event.currentTarget.value })}
        error={wrong('note')}
        readOnly={readOnly}
      />
      <Assets full={full} put={put} readOnly={readOnly} wrong={wrong} />
    </>
  );
}

type Put = (part: Partial<Full>) => void;

/** Who looks after the customer. */
function AgentField({
  full,
  put,
  readOnly,
  error,
}: {
  full: Full;
  put: Put;
  readOnly: boolean;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const may = useMay('softphone.use');
  const directory = useQuery({ ...directoryQuery, enabled: may });
  const agents =
    directory.data?.agents.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })) ?? [];
  const known = full.agent === null || agents.some(({ value }) => value === full.agent);
  return (
    <NativeSelect
      label={t('customer.agent')}
      value={full.agent ?? ''}
      disabled={readOnly}
      error={error}
      onChange={(event) => put({ agent: event.currentTarget.value || null })}
      data={[
        { value: '', label: t('customer.no_agent') },
        ...(known ? [] : [{ value: full.agent ?? '', label: full.agent ?? '' }]),
        ...agents,
      ]}
    />
  );
}

interface LinesProps {
  label: string;
  add: string;
  lines: string[];
  put(lines: string[]): void;
  readOnly: boolean;
  wrong(index: number): string | undefined;
}

function Lines({ label, add, lines, put, readOnly, wrong }: LinesProps) {
  const { t } = useTranslation();
  const shown = lines.length === 0 ? [''] : lines;
  return (
    <fieldset className={css.lines}>
      <legend>{label}</legend>
      {shown.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <div key={index} className={css.line}>
          <TextInput
            aria-label={`${label} ${index + 1}`}
            type="tel"
            value={line}
            readOnly={readOnly}
            error={wrong(index)}
            onChange={(event) => put(shown.with(index, event.currentTarget.value))}
          />
          {!readOnly && shown.length > 1 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('customers.remove', { what: line || label })}
              onClick={() => put(shown.toSpliced(index, 1))}
            >
              <IconX size={15} />
            </ActionIcon>
          )}
        </div>
      ))}
      {!readOnly && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={13} />}
          onClick={() => put([...shown, ''])}
        >
          {add}
        </Button>
      )}
    </fieldset>
  );
}

interface OwnProps {
  full: Full;
  put: Put;
  readOnly: boolean;
  wrong(field: string): string | undefined;
}

/** What the center has added. */
function OwnFields({ full, put, readOnly, wrong }: OwnProps) {
  const fields = useQuery(customerFieldsQuery).data ?? [];
  if (fields.length === 0) return null;
  const set = (name: string, value: FieldValue | null) => {
    const { [name]: _, ...others } = full.fields;
    put({ fields: value === null ? others : { ...others, [name]: value } });
  };
  return (
    <div className={css.fields}>
      {fields.map((field) => (
        <OwnField
          key={field.name}
          field={field}
          value={full.fields[field.name] ?? null}
          set={(value) => set(field.name, value)}
          readOnly={readOnly}
          error={wrong(`fields.${field.name}`)}
        />
      ))}
    </div>
  );
}

interface OwnFieldProps {
  field: CustomerField;
  value: FieldValue | null;
  set(value: FieldValue | null): void;
  readOnly: boolean;
  error: string | undefined;
}

function OwnField({ field, value, set, readOnly, error }: OwnFieldProps) {
  const { t } = useTranslation();
  const label = labelOf(field, currentLanguage());
  switch (field.kind) {
    case 'boolean':
      return (
        <Checkbox
          size="xs"
          className={css.check}
          label={label}
          checked={value === true}
          disabled={readOnly}
          error={error}
          onChange={(event) => set(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <NativeSelect
          label={label}
          value={String(value ?? '')}
          disabled={readOnly}
          error={error}
          onChange={(event) => set(event.currentTarget.value || null)}
          data={[{ value: '', label: t('customers.nothing_chosen') }, ...field.choices]}
        />
      );
    case 'number':
    case 'date':
    case 'text':
      return (
        <TextInput
          label={label}
          type={field.kind}
          value={String(value ?? '')}
          readOnly={readOnly}
          required={field.required}
          error={error}
          onChange={(event) => set(typed(field.kind, event.currentTarget.value))}
        />
      );
  }
}

function typed(kind: CustomerField['kind'], text: string): FieldValue | null {
  if (text === '') return null;
  return kind === 'number' ? Number(text) : text;
}

const PARTS = ['product', 'serial', 'contract', 'warranty_end'] as const;

/** What the customer has bought. */
function Assets({ full, put, readOnly, wrong }: OwnProps) {
  const { t } = useTranslation();
  const { assets } = full;
  const blank = { product: '', serial: null, contract: null, warranty_end: null };
  return (
    <fieldset className={css.lines}>
      <legend>{t('customer.assets')}</legend>
      {assets.map((asset, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <div key={index} className={css.asset}>
          {PARTS.map((part) => (
            <TextInput
              key={part}
              label={t(`customer.asset.${part}`)}
              type={part === 'warranty_end' ? 'date' : 'text'}
              value={asset[part] ?? ''}
              readOnly={readOnly}
              error={wrong(`assets[${index}].${part}`)}
              onChange={(event) => {
                const value = event.currentTarget.value;
                const changed = { ...asset, [part]: part === 'product' ? value : value || null };
                put({ assets: assets.with(index, changed) });
              }}
            />
          ))}
          {!readOnly && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('customers.remove', { what: asset.product })}
              onClick={() => put({ assets: assets.toSpliced(index, 1) })}
            >
              <IconX size={15} />
            </ActionIcon>
          )}
        </div>
      ))}
      {!readOnly && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={13} />}
          onClick={() => put({ assets: [...assets, blank] })}
        >
          {t('customers.add_asset')}
        </Button>
      )}
    </fieldset>
  );
}

/** What the server says about a field. */
function problemOf(error: Error | null, field: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  return error.fields.find((one) => one.field === field)?.problem;
}
