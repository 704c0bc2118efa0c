// A change before it is made: what differs, what would be wrong, what it touches; and what others have changed meanwhile.

import { Button, Loader, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Center, centerQuery, readCenter, saveConfig } from '../api/config';
import { Problem } from '../api/http';
import { dayAndTime } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import css from './Change.module.css';
import { useCheck } from './center';
import { at, differing, entryOf, merge, type Part, partName, partOf, same } from './draft';
import { FieldProblems, inFlows, Places } from './Problems';
import { UnifiedDiff } from './UnifiedDiff';

export interface Proposal {
  title: string;
  parts: Part[];
  /** What the parts were made from. */
  base: Center;
  /** What it takes away is not to be had back by a click. */
  danger?: boolean;
  /** What it touches beyond the text. */
  note?: ReactNode;
}

interface Props extends Proposal {
  close(): void;
  saved(center: Center): void;
}

/** Somebody else has changed the same parts. */
class Raced extends Error {
  constructor(
    readonly fresh: Center,
    readonly touched: Part[],
  ) {
    super('changed by somebody else');
  }
}

export function Change({ title, parts: given, base: begun, danger = false, note, close, saved }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [parts, setParts] = useState(given);
  const [base, setBase] = useState(begun);
  const { check, error, settled } = useCheck(parts, 0);
  const adopt = (center: Center) => {
    queries.setQueryData(centerQuery().queryKey, center);
    void queries.invalidateQueries({ queryKey: ['config', 'versions'] });
  };
  const save = useMutation({
    mutationFn: () => saveOver(parts, base),
    onSuccess: (center) => {
      adopt(center);
      saved(center);
    },
  });
  const raced = save.error instanceof Raced ? save.error : null;
  const refused = save.error instanceof Problem ? save.error : null;
  const errors = refused?.fields ?? check?.errors ?? [];
  const mistakes = inFlows(refused?.mistakes ?? check?.mistakes ?? [], errors);
  const wrong = errors.length + mistakes.length > 0;
  const told = refused !== null && refused.fields.length + refused.mistakes.length > 0;
  return (
    <Modal
      opened
      onClose={close}
      size={820}
      title={title}
      closeButtonProps={{ 'aria-label': t('admin_change.close') }}
    >
      <div className={css.change}>
        {raced ? (
          <Both raced={raced} base={base} parts={parts} />
        ) : (
          <>
            {note}
            {check === null && error === null && <Loader size="sm" aria-label={t('app.loading')} />}
            {error !== null && <Failure error={error} />}
            {wrong && (
              <div className={css.wrong}>
                <strong>{t(danger ? 'admin_change.needed_by' : 'admin_change.wrong')}</strong>
                <FieldProblems errors={errors} />
                <Places mistakes={mistakes} />
              </div>
            )}
            {check !== null && <UnifiedDiff diff={check.diff} />}
            <Restart sections={check?.needs_restart ?? []} />
            {save.isError && !told && <Failure error={save.error} />}
          </>
        )}
        <div className={css.buttons}>
          <Button variant="default" onClick={close}>
            {t(danger ? 'admin_prompt.cancel' : 'admin_change.cancel')}
          </Button>
          {raced ? (
            <>
              <AskingButton
                variant="default"
                onClick={() => {
                  adopt(raced.fresh);
                  saved(raced.fresh);
                }}
              >
                {t('admin_change.take_theirs')}
              </AskingButton>
              <AskingButton
                onClick={() => {
                  setParts(together(parts, base, raced.fresh));
                  setBase(raced.fresh);
                  save.reset();
                }}
              >
                {t('admin_change.join')}
              </AskingButton>
            </>
          ) : (
            <AskingButton
              data-autofocus
              {...(danger ? { color: 'red.9' } : {})}
              disabled={!settled || wrong || check === null}
              loading={save.isPending}
              onClick={() => save.mutate()}
            >
              {t(danger ? 'admin_change.delete' : 'admin_change.save')}
            </AskingButton>
          )}
        </div>
      </div>
    </Modal>
  );
}

/** Saves; if somebody has changed other parts meanwhile, over that. */
async function saveOver(parts: Part[], base: Center): Promise<Center> {
  try {
    return await saveConfig({ parts }, base.tag);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error;
    const fresh = await readCenter();
    const touched = parts.filter((part) => !same(partOf(base.sections, part), partOf(fresh.sections, part)));
    if (touched.length > 0) throw new Raced(fresh, touched);
    return saveConfig({ parts }, fresh.tag);
  }
}

/** My parts, with what another has changed in them. */
function together(parts: Part[], base: Center, fresh: Center): Part[] {
  return parts.map((part) => {
    const merged = merge(partOf(base.sections, part), part.value, partOf(fresh.sections, part));
    return { ...part, value: merged.value ?? null };
  });
}

interface BothProps {
  raced: Raced;
  base: Center;
  parts: Part[];
}

/** What the other changed, beside what I have. */
function Both({ raced, base, parts }: BothProps) {
  const { t } = useTranslation();
  const { version } = raced.fresh;
  const rows = raced.touched.flatMap((part) => {
    const before = partOf(base.sections, part);
    const theirs = partOf(raced.fresh.sections, part);
    const mine = parts.find((one) => partName(one) === partName(part))?.value ?? null;
    return differing(before, theirs).map((path) => ({
      id: `${partName(part)}.${path}`,
      name: path === '' ? partName(part) : `${partName(part)} ${path}`,
      before: shown(inside(before, path)),
      theirs: shown(inside(theirs, path)),
      mine: shown(inside(mine, path)),
      both:
        !same(inside(mine, path), inside(before, path)) && !same(inside(mine, path), inside(theirs, path)),
    }));
  });
  return (
    <div className={css.raced} role="alert">
      <p>
        {version
          ? t('admin_change.raced_by', { author: version.author, time: dayAndTime(version.since) })
          : t('admin_change.raced')}
      </p>
      <table className={css.table}>
        <thead>
          <tr>
            <th>{t('admin_change.field')}</th>
            <th>{t('admin_change.before')}</th>
            <th>{t('admin_change.theirs')}</th>
            <th>{t('admin_change.mine')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-both={row.both || undefined}>
              <td>
                <code>{row.name}</code>
              </td>
              <td>{row.before}</td>
              <td>{row.theirs}</td>
              <td>{row.both ? <strong>{row.mine}</strong> : row.mine}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={css.dim}>{t('admin_change.join_hint')}</p>
    </div>
  );
}

function inside(value: unknown, path: string): unknown {
  return path === '' ? value : at(entryOf(value), path);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What counts only after a restart. */
export function Restart({ sections }: { sections: readonly string[] }) {
  const { t } = useTranslation();
  if (sections.length === 0) return null;
  return (
    <p className={css.restart} role="status">
      {t('admin_change.restart', { sections: sections.join(', ') })}
    </p>
  );
}
