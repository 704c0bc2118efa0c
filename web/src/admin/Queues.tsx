// The queues: whom they ask, how long callers wait, what they hear, what happens to whom nobody answers.

import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { queueLength } from '../live/state';
import { useLive } from '../live/store';
import { word } from '../texts/format';
import { entryOf, type Part } from './draft';
import { EntryEditor, NEW } from './EntryEditor';
import { EntryList } from './EntryList';
import { FieldGroups } from './Form';
import css from './Form.module.css';
import { Members } from './Members';
import { Plan } from './Plan';
import { membersOf, queueFromForm, queuePath, queueToForm } from './queue';
import { queueGroups } from './queueFields';
import { sectionPage } from './SectionPage';
import { usePromptNames } from './usePrompts';

const WORDS = { field: 'queue_field', hint: 'queue_hint', group: 'queue_group' };

export default sectionPage(List, Editor);

function List({ center }: { center: Center }) {
  const { t } = useTranslation();
  return (
    <EntryList
      page="queues"
      center={center}
      words="admin_queue"
      textOf={([, entry]) => `${entry.name ?? ''} ${entry.strategy ?? ''}`}
      columns={[
        { id: 'name', title: t('queue_field.name'), cell: ([id, entry]) => String(entry.name ?? id) },
        {
          id: 'strategy',
          title: t('queue_field.strategy'),
          cell: ([, entry]) => word(t, 'queue_strategy', String(entry.strategy ?? 'longest_idle')),
        },
        {
          id: 'members',
          title: t('admin_queue.agents'),
          right: true,
          cell: ([, entry]) => membersOf(entry).length,
        },
        {
          id: 'plan',
          title: t('admin_queue.steps'),
          right: true,
          cell: ([, { plan }]) => (Array.isArray(plan) ? plan.length : ''),
        },
        {
          id: 'wait',
          title: t('queue_field.wait_max_s'),
          right: true,
          cell: ([, entry]) => figure(entry.wait_max_s),
        },
        {
          id: 'hours',
          title: t('queue_field.hours'),
          cell: ([, { hours }]) => (typeof hours === 'string' ? hours : ''),
        },
      ]}
    />
  );
}

function figure(value: unknown): string {
  return typeof value === 'number' ? String(value) : '–';
}

function Editor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const language = String(center.sections.language ?? '');
  const music = usePromptNames('music');
  const prompts = usePromptNames(language);
  const groups = queueGroups(music, prompts);
  const waiting = useLive((view) => {
    const queue = view.live.queues.find(({ id }) => id === name);
    return queue ? queueLength(queue) : 0;
  });
  const removal = (id: string): { parts: Part[]; note: React.ReactNode } => ({
    parts: [],
    note: (
      <div className={css.touches}>
        {t('admin_queue.removal')}
        <ul>
          {waiting > 0 && <li>{t('admin_queue.removal_waiting', { count: waiting })}</li>}
          <li>
            {t('admin_queue.removal_members', {
              count: membersOf(entryOf(entryOf(center.sections.queues)[id])).length,
            })}
          </li>
          <li>{t('admin_queue.removal_records')}</li>
        </ul>
      </div>
    ),
  });
  return (
    <EntryEditor
      page="queues"
      section="queues"
      name={name}
      center={center}
      groups={groups.first}
      words={WORDS}
      blank={{ members: [] }}
      nameLabel={t('admin_queue.id')}
      nameHint={t('admin_queue.id_hint')}
      handled={[...handled(groups.last), 'members', 'plan']}
      toForm={queueToForm}
      fromForm={queueFromForm}
      pathInForm={queuePath}
      removal={name === NEW ? undefined : removal}
    >
      <Members />
      <Plan />
      <FieldGroups groups={groups.last} words={WORDS} />
    </EntryEditor>
  );
}

function handled(groups: ReturnType<typeof queueGroups>['last']): string[] {
  return groups.flatMap(({ fields }) => fields.map(({ path }) => path.split('.')[0] ?? ''));
}
