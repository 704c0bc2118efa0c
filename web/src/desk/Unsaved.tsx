// Cards of earlier calls on which something was typed and not saved.

import { ActionIcon, Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { dayAndTime } from '../texts/format';
import { Panel } from '../ui/Panel';
import css from './Desk.module.css';
import { type Unsaved as UnsavedCall, useDraftStore, useUnsaved } from './drafts';

interface Props {
  /** The call whose card is on the screen already. */
  except: string | null;
  /** Absent while a call has the screen. */
  open: ((call: UnsavedCall) => void) | null;
}

export function Unsaved({ except, open }: Props) {
  const { t } = useTranslation();
  const store = useDraftStore();
  const drafts = useUnsaved().filter(({ call }) => call !== except);
  if (drafts.length === 0) return null;
  return (
    <Panel title={t('desk.unsaved')} count={drafts.length}>
      {drafts.map((draft) => (
        <div key={draft.call} className={css.draft}>
          <span className={css.draftWho}>
            <span>{draft.card?.fields.name || draft.caller || t('pop.anonymous')}</span>
            <small className="num">{dayAndTime(new Date(draft.at_ms).toISOString())}</small>
          </span>
          <Button variant="subtle" size="compact-xs" disabled={open === null} onClick={() => open?.(draft)}>
            {t('desk.open')}
          </Button>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t('desk.discard')}
            title={t('desk.discard')}
            onClick={() => {
              store.remove(draft.call);
              store.notes.remove(draft.call);
            }}
          >
            <IconTrash size={15} />
          </ActionIcon>
        </div>
      ))}
    </Panel>
  );
}
