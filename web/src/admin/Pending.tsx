// Changes to several parts at once that are not saved yet: judged while one works, shown as one diff, saved together.

import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconDeviceFloppy } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useMay } from '../app/session';
import { useLive } from '../live/store';
import { Failure } from '../ui/Failure';
import { Tag } from '../ui/Tag';
import { Change, Restart } from './Change';
import { type Check, useCheck } from './center';
import type { Part } from './draft';
import css from './Form.module.css';
import { Leaving } from './Leaving';
import { FieldProblems, inFlows, Places } from './Problems';

interface Props {
  title: string;
  parts: readonly Part[];
  begun: Center;
  check: Check;
  /** How many things are changed, for people. */
  count: number;
  /** What is wrong before the server is asked. */
  blocked?: boolean;
  note?: ReactNode;
  undo(): void;
  saved(center: Center): void;
}

/** What the server says of the parts, if there are any. */
export function usePending(parts: readonly Part[]): Check {
  const may = useMay('config.edit');
  return useCheck(may && parts.length > 0 ? parts : null);
}

/** The acts beside a title: undo, save. */
export function PendingActs({
  title,
  parts,
  begun,
  check,
  count,
  blocked = false,
  note,
  undo,
  saved,
}: Props) {
  const { t } = useTranslation();
  const may = useMay('config.edit');
  const connected = useLive((view) => view.connection === 'live');
  const [asked, setAsked] = useState(false);
  const dirty = parts.length > 0;
  const can = may && connected && dirty && !blocked;
  useHotkeys([['mod+S', () => can && setAsked(true)]], []);
  if (!may) return null;
  return (
    <>
      {dirty && (
        <Tag tone={check.check?.errors.length ? 'bad' : 'hold'}>{t('admin_form.changed', { count })}</Tag>
      )}
      {dirty && (
        <Button variant="default" onClick={undo}>
          {t('admin_form.undo')}
        </Button>
      )}
      <Button
        leftSection={<IconDeviceFloppy size={15} aria-hidden />}
        title={t('admin_form.save_key')}
        disabled={!can}
        onClick={() => setAsked(true)}
      >
        {t('admin_form.save')}
      </Button>
      <Leaving dirty={dirty && !asked} />
      {asked && (
        <Change
          title={title}
          parts={[...parts]}
          base={begun}
          note={note}
          close={() => setAsked(false)}
          saved={(center) => {
            setAsked(false);
            saved(center);
          }}
        />
      )}
    </>
  );
}

/** What would be wrong, and what would take a restart. */
export function PendingProblems({ check }: { check: Check }) {
  const errors = check.check?.errors ?? [];
  const mistakes = inFlows(check.check?.mistakes ?? [], errors);
  return (
    <>
      {check.error !== null && <Failure error={check.error} />}
      {errors.length + mistakes.length > 0 && (
        <div className={css.outside}>
          <FieldProblems errors={errors} />
          <Places mistakes={mistakes} />
        </div>
      )}
      <Restart sections={check.check?.needs_restart ?? []} />
    </>
  );
}
