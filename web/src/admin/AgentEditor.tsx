// One agent: telephone, skills, queues.

import { Button, MultiSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useLive } from '../live/store';
import { Tag } from '../ui/Tag';
import { agentTone } from '../ui/tone';
import { entryChoices, groupChoices, skillNames } from './choices';
import { entriesOf, entryOf, isEntry, type Part, put } from './draft';
import { EntryEditor, NEW } from './EntryEditor';
import { type FieldGroup, Section, useForm } from './Form';
import css from './Form.module.css';
import { withMember } from './grid';
import { Levels } from './Levels';
import { membersOf } from './queue';

const WORDS = { field: 'agent_field', hint: 'agent_hint', group: 'agent_group' };
/** Without letters and digits that are taken for each other. */
const PASSWORD_LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const PASSWORD_LENGTH = 20;

const GROUPS: readonly FieldGroup[] = [
  {
    id: 'person',
    fields: [
      { kind: 'text', path: 'name', needed: true },
      { kind: 'text', path: 'extension', hint: true },
      { kind: 'names', path: 'groups', from: groupChoices, free: true, hint: true },
      { kind: 'number', path: 'daily_cap', min: 1, max: 10_000, hint: true },
    ],
  },
  {
    id: 'phone',
    fields: [
      { kind: 'password', path: 'sip_password', hint: true },
      {
        kind: 'names',
        path: 'digest',
        from: () => ['SHA-512-256', 'SHA-256', 'MD5'].map((value) => ({ value, label: value })),
        hint: true,
      },
      {
        kind: 'choice',
        path: 'auto_answer',
        words: 'agent_auto_answer',
        usual: 'never',
        options: ['never', 'own_calls', 'always'],
        hint: true,
      },
      { kind: 'yes', path: 'confirm_key', usual: false, hint: true },
    ],
  },
  {
    id: 'outside',
    fields: [
      { kind: 'text', path: 'caller_id', hint: true },
      { kind: 'texts', path: 'outside_numbers', max: 8, hint: true },
      { kind: 'yes', path: 'confirm_outside', usual: true, hint: true },
    ],
  },
];

export function AgentEditor({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const now = useLive((view) => view.live.agents[name]);
  const had = queuesOf(center, name);
  const [queues, setQueues] = useState<readonly string[] | null>(null);
  const wanted = queues ?? had;
  const moved = [
    ...wanted.filter((queue) => !had.includes(queue)).map((queue) => ({ queue, tier: 1 as number | null })),
    ...had.filter((queue) => !wanted.includes(queue)).map((queue) => ({ queue, tier: null })),
  ];
  return (
    <EntryEditor
      page="agents"
      section="agents"
      name={name}
      center={center}
      groups={GROUPS}
      words={WORDS}
      blank={{}}
      nameLabel={t('admin_agent.id')}
      nameHint={t('admin_agent.id_hint')}
      handled={['skills']}
      extra={{
        dirty: moved.length > 0,
        parts: (agent, sections) =>
          moved.map(({ queue, tier }) => ({
            section: 'queues',
            name: queue,
            value: withMember(entryOf(entryOf(sections.queues)[queue]), agent, tier),
          })),
        reset: () => setQueues(null),
      }}
      aside={now && <Tag tone={agentTone(now.state)}>{t(`agent.state.${now.state}`)}</Tag>}
      removal={
        name === NEW ? undefined : () => removalOf(center, name, <Touches name={name} center={center} />)
      }
    >
      <Skills />
      <Section title={t('admin_agent.queues')}>
        <QueueChoice value={wanted} change={setQueues} />
      </Section>
    </EntryEditor>
  );
}

function Skills() {
  const { t } = useTranslation();
  const { draft, change, readOnly, center } = useForm();
  return (
    <Section title={t('admin_agent.skills')}>
      <div className={css.wide}>
        <Levels
          label=""
          value={isEntry(draft.skills) ? draft.skills : {}}
          skills={skillNames(center)}
          max={10}
          disabled={readOnly}
          change={(skills) => change(put(draft, 'skills', skills))}
        />
      </div>
      <PasswordMaker />
    </Section>
  );
}

/** A password that nobody has to think of. */
function PasswordMaker() {
  const { t } = useTranslation();
  const { draft, change, readOnly } = useForm();
  if (readOnly || (typeof draft.sip_password === 'string' && draft.sip_password !== '')) return null;
  return (
    <Button
      variant="default"
      className={css.maker}
      onClick={() => change({ ...draft, sip_password: madeUp() })}
    >
      {t('admin_agent.make_password')}
    </Button>
  );
}

function madeUp(): string {
  const random = crypto.getRandomValues(new Uint32Array(PASSWORD_LENGTH));
  return [...random].map((value) => PASSWORD_LETTERS[value % PASSWORD_LETTERS.length]).join('');
}

function QueueChoice({ value, change }: { value: readonly string[]; change(value: string[]): void }) {
  const { t } = useTranslation();
  const { center, readOnly } = useForm();
  return (
    <MultiSelect
      className={css.wide}
      size="xs"
      searchable
      hidePickedOptions
      disabled={readOnly}
      aria-label={t('admin_agent.queues')}
      description={t('admin_agent.queues_hint')}
      inputWrapperOrder={['input', 'description']}
      nothingFoundMessage={t('admin_form.nothing_found')}
      data={entryChoices(center, 'queues')}
      value={[...value]}
      onChange={change}
    />
  );
}

function queuesOf({ sections }: Center, agent: string): string[] {
  return entriesOf(sections.queues)
    .filter(([, queue]) => membersOf(queue).some((member) => member.agent === agent))
    .map(([queue]) => queue);
}

/** Its queues lose the agent. */
function removalOf(
  center: Center,
  agent: string,
  note: React.ReactNode,
): { parts: Part[]; note: React.ReactNode } {
  const parts = queuesOf(center, agent).map((queue) => ({
    section: 'queues',
    name: queue,
    value: withMember(entryOf(entryOf(center.sections.queues)[queue]), agent, null),
  }));
  return { parts, note };
}

function Touches({ name, center }: { name: string; center: Center }) {
  const { t } = useTranslation();
  const now = useLive((view) => view.live.agents[name]);
  const queues = queuesOf(center, name);
  return (
    <div className={css.touches}>
      {t('admin_queue.removal')}
      <ul>
        {now?.call && <li>{t('admin_agent.removal_call')}</li>}
        {queues.length > 0 && <li>{t('admin_agent.removal_queues', { queues: queues.join(', ') })}</li>}
        <li>{t('admin_agent.removal_phone')}</li>
        <li>{t('admin_agent.removal_records')}</li>
      </ul>
    </div>
  );
}
