// For which reasons agents may be not ready, how long, and how many at once.

import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useLive } from '../live/store';
import { short, word } from '../texts/format';
import { entriesOf } from './draft';
import { EntryEditor, NEW } from './EntryEditor';
import { EntryList } from './EntryList';
import type { FieldGroup } from './Form';
import css from './Form.module.css';
import { sectionPage } from './SectionPage';

const WORDS = { field: 'reason_field', hint: 'reason_hint', group: 'reason_group' };
const CLASSES = ['break', 'meal', 'work', 'training', 'fault', 'other'] as const;

const GROUPS: readonly FieldGroup[] = [
  {
    id: 'reason',
    fields: [
      { kind: 'text', path: 'name', hint: true },
      { kind: 'choice', path: 'class', words: 'reason_class', usual: 'other', options: CLASSES, hint: true },
      { kind: 'number', path: 'daily_quota_s', min: 1, max: 86_400, unit: 's', hint: true },
      { kind: 'number', path: 'at_once_max', min: 1, max: 10_000, hint: true },
    ],
  },
];

export default sectionPage(List, Editor);

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  return (
    <EntryList
      page="reasons"
      center={center}
      words="admin_reason"
      textOf={([, entry]) => String(entry.name ?? '')}
      columns={[
        { id: 'name', title: t('reason_field.name'), cell: ([id, entry]) => String(entry.name ?? id) },
        {
          id: 'class',
          title: t('reason_field.class'),
          cell: ([, entry]) => word(t, 'reason_class', String(entry.class ?? 'other')),
        },
        {
          id: 'quota',
          title: t('reason_field.daily_quota_s'),
          right: true,
          cell: ([, { daily_quota_s }]) =>
            typeof daily_quota_s === 'number' ? short(daily_quota_s * 1000) : '–',
        },
        {
          id: 'at_once',
          title: t('reason_field.at_once_max'),
          right: true,
          cell: ([, { at_once_max }]) => (typeof at_once_max === 'number' ? at_once_max : '–'),
        },
      ]}
    />
  );
}

function Editor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const having = useLive(
    (view) => Object.values(view.live.agents).filter(({ reason }) => reason === name).length,
  );
  const last = entriesOf(center.sections.reasons).length === 1;
  return (
    <EntryEditor
      page="reasons"
      section="reasons"
      name={name}
      center={center}
      groups={GROUPS}
      words={WORDS}
      blank={{}}
      nameLabel={t('admin_reason.id')}
      nameHint={t('admin_reason.id_hint')}
      rest={false}
      removal={
        name === NEW
          ? undefined
          : () => ({
              parts: [],
              note: (
                <div className={css.touches}>
                  {t('admin_queue.removal')}
                  <ul>
                    <li>{t('admin_reason.removal_now', { count: having })}</li>
                    <li>{t('admin_reason.removal_reports')}</li>
                    {last && <li>{t('admin_reason.removal_last')}</li>}
                  </ul>
                </div>
              ),
            })
      }
    />
  );
}
