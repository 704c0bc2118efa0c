// Customers out of a CSV file: what it would change, line by line where it is wrong, then all of it or nothing.

import '../texts/wide';
import { Button, Checkbox, NativeSelect, Progress } from '@mantine/core';
import { IconArrowLeft, IconFileSpreadsheet } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { type DragEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { customerFieldsQuery } from '../api/customers';
import { commitImport, createImport, forgetImport, importQuery, setColumns } from '../api/imports';
import type { Import } from '../api/types';
import { currentLanguage } from '../texts';
import { AskingButton } from '../ui/AskingButton';
import { Failure, problemText } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import css from './Customers.module.css';
import { labelOf } from './draft';

/** While it runs it is asked how far it is. */
const ASK_MS = 500;

export function ImportPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const query = useQuery(importQuery(id, ASK_MS));
  const show = (answer: Import) => {
    queries.setQueryData(importQuery(answer.id, ASK_MS).queryKey, answer);
    setId(answer.id);
  };
  const begin = useMutation({ mutationFn: createImport, onSuccess: show });
  const forget = () => {
    if (id !== null && query.data?.state !== 'running') void forgetImport(id).catch(() => {});
    begin.reset();
    setId(null);
  };
  return (
    <div className={css.column}>
      <Link to="/customers" className={css.backLink}>
        <IconArrowLeft size={15} aria-hidden /> {t('customers.back')}
      </Link>
      <Panel title={t('import.title')}>
        {query.data ? (
          <Preview now={query.data} show={show} again={() => void query.refetch()} forget={forget} />
        ) : (
          <Choose pick={(file) => begin.mutate(file)} busy={begin.isPending} error={begin.error} />
        )}
      </Panel>
    </div>
  );
}

function Choose({ pick, busy, error }: { pick(file: File): void; busy: boolean; error: Error | null }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) pick(file);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same
    <div className={css.drop} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <IconFileSpreadsheet size={32} stroke={1.4} aria-hidden />
      <p>{t('import.hint')}</p>
      <input
        ref={input}
        type="file"
        accept=".csv,.xlsx,text/csv"
        className="hidden"
        tabIndex={-1}
        aria-label={t('import.choose')}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) pick(file);
        }}
      />
      <AskingButton loading={busy} onClick={() => input.current?.click()}>
        {t('import.choose')}
      </AskingButton>
      {error && (
        <p role="alert" className={css.error}>
          {problemText(t, error)}
        </p>
      )}
    </div>
  );
}

interface PreviewProps {
  now: Import;
  show(answer: Import): void;
  again(): void;
  forget(): void;
}

function Preview({ now, show, again, forget }: PreviewProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [skip, setSkip] = useState(false);
  const columns = useMutation({
    mutationFn: (parts: (string | null)[]) => setColumns(now.id, parts),
    onSuccess: show,
  });
  const commit = useMutation({
    mutationFn: () => commitImport(now.id, skip),
    onSuccess: () => {
      again();
      void queries.invalidateQueries({ queryKey: ['customers'] });
    },
  });
  const total = now.new + now.changed;
  return (
    <div className={css.import} data-import={now.state}>
      <Counts now={now} />
      {now.state === 'preview' && (
        <>
          <Columns now={now} busy={columns.isPending} put={(parts) => columns.mutate(parts)} />
          <Mistakes now={now} />
          <div className={css.foot}>
            {now.wrong > 0 && (
              <Checkbox
                size="xs"
                label={t('import.skip', { count: now.wrong })}
                checked={skip}
                onChange={(event) => setSkip(event.currentTarget.checked)}
              />
            )}
            <AskingButton
              loading={commit.isPending}
              disabled={total === 0 || (now.wrong > 0 && !skip)}
              onClick={() => commit.mutate()}
            >
              {t('import.commit', { count: total })}
            </AskingButton>
            <Button variant="default" onClick={forget}>
              {t('import.other')}
            </Button>
          </div>
        </>
      )}
      {now.state === 'running' && (
        <>
          <Progress value={total === 0 ? 0 : (100 * now.done) / total} aria-label={t('import.running')} />
          <p role="status">{t('import.done_of', { done: now.done, total })}</p>
        </>
      )}
      {now.state === 'done' && (
        <p role="status" className={css.good}>
          {t('import.done', { count: now.done })} <Link to="/customers">{t('customers.back')}</Link>
        </p>
      )}
      {now.state === 'failed' && (
        <>
          <p role="alert" className={css.error}>
            {t('import.failed')} {now.problem}
          </p>
          <Button variant="default" onClick={forget}>
            {t('import.other')}
          </Button>
        </>
      )}
      {columns.isError && <Failure error={columns.error} />}
      {commit.isError && <Failure error={commit.error} />}
    </div>
  );
}

function Counts({ now }: { now: Import }) {
  const { t } = useTranslation();
  return (
    <dl className={css.counts}>
      {(['rows', 'new', 'changed', 'unchanged', 'duplicates', 'wrong'] as const).map((name) => (
        <div key={name} data-tone={name === 'wrong' && now.wrong > 0 ? 'bad' : 'none'}>
          <dt>{t(`import.${name}`)}</dt>
          <dd className="num">{now[name]}</dd>
        </div>
      ))}
    </dl>
  );
}

const PARTS = [
  'id',
  'name',
  'company',
  'email',
  'numbers',
  'note',
  'class',
  'language',
  'vip',
  'blocked',
  'tags',
  'agent',
] as const;

/** Which part of a customer each column is. */
function Columns({ now, busy, put }: { now: Import; busy: boolean; put(parts: (string | null)[]): void }) {
  const { t } = useTranslation();
  const own = useQuery(customerFieldsQuery).data ?? [];
  const choices = [
    { value: '', label: t('import.leave_out') },
    ...PARTS.map((part) => ({ value: part as string, label: t(`customer.${part}`) })),
    ...own.map((field) => ({ value: `field:${field.name}`, label: labelOf(field, currentLanguage()) })),
  ];
  const parts = now.columns.map(({ part }) => part);
  return (
    <div className={css.columns}>
      {now.columns.map(({ heading, part }, index) => (
        <NativeSelect
          // biome-ignore lint/suspicious/noArrayIndexKey: headings may repeat
          key={index}
          label={heading || t('import.column', { number: index + 1 })}
          value={part ?? ''}
          disabled={busy}
          onChange={(event) => put(parts.with(index, event.currentTarget.value || null))}
          data={choices}
        />
      ))}
    </div>
  );
}

/** `numbers[0]` → `Numbers`; a field of the center's own by its name. */
function fieldName(t: TFunction, field: string): string {
  const part = PARTS.find((name) => name === field.split(/[.[]/)[0]);
  return part ? t(`customer.${part}`) : field;
}

function Mistakes({ now }: { now: Import }) {
  const { t } = useTranslation();
  if (now.errors.length === 0) return null;
  return (
    <div className={grid.scroll}>
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('import.line')}</th>
            <th>{t('import.field')}</th>
            <th>{t('import.mistake')}</th>
          </tr>
        </thead>
        <tbody>
          {now.errors.map((one) => (
            <tr key={`${one.row} ${one.field}`}>
              <td className="num">{one.row}</td>
              <td>{fieldName(t, one.field)}</td>
              <td>{one.problem}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
