// Who serves a queue, in the order that some strategies follow.

import { ActionIcon, NumberInput, Select } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { entryChoices } from './choices';
import { Section, useErrorAt, useForm } from './Form';
import css from './Form.module.css';
import { plain, problemsAt } from './plain';
import { type Member, membersOf } from './queue';

/** Figures of a member, with their bounds and what counts if they are left out. */
const FIGURES = [
  { key: 'tier', min: 1, max: 20, usual: 1 },
  { key: 'weight', min: 1, max: 100, usual: 1 },
  { key: 'wrap_up_s', min: 0, max: 3600, usual: null },
] as const;

export function Members() {
  const { t } = useTranslation();
  const { draft, change, readOnly, center } = useForm();
  const error = useErrorAt('members', true);
  const members = membersOf(draft);
  const agents = entryChoices(center, 'agents');
  const set = (next: Member[]) => change({ ...draft, members: next });
  const swap = (one: number, other: number) => {
    const next = [...members];
    const [first, second] = [members[one], members[other]];
    if (!first || !second) return;
    next[one] = second;
    next[other] = first;
    set(next);
  };
  return (
    <Section title={t('admin_queue.members', { count: members.length })}>
      <div className={css.wide}>
        {members.length > 0 && (
          <table className={css.rows}>
            <thead>
              <tr>
                <th>{t('admin_queue.agent')}</th>
                {FIGURES.map(({ key }) => (
                  <th key={key}>{t(`admin_member.${key}`)}</th>
                ))}
                <th />
              </tr>
            </thead>
            <tbody>
              {members.map((member, index) => (
                <MemberRow
                  key={member.agent}
                  member={member}
                  index={index}
                  last={index === members.length - 1}
                  name={agents.find(({ value }) => value === member.agent)?.label ?? member.agent}
                  set={(next) => set(members.map((one, at) => (at === index ? next : one)))}
                  remove={() => set(members.filter((_, at) => at !== index))}
                  move={(by) => swap(index, index + by)}
                />
              ))}
            </tbody>
          </table>
        )}
        {error !== null && <p className={css.error}>{error}</p>}
        {!readOnly && (
          <Select
            className={css.text}
            mt={6}
            searchable
            aria-label={t('admin_queue.add_agent')}
            placeholder={t('admin_queue.add_agent')}
            nothingFoundMessage={t('admin_form.nothing_found')}
            data={agents.filter(({ value }) => !members.some(({ agent }) => agent === value))}
            value={null}
            onChange={(agent) => agent !== null && set([...members, { agent }])}
          />
        )}
      </div>
    </Section>
  );
}

interface RowProps {
  member: Member;
  index: number;
  last: boolean;
  name: string;
  set(member: Member): void;
  remove(): void;
  move(by: number): void;
}

function MemberRow({ member, index, last, name, set, remove, move }: RowProps) {
  const { t } = useTranslation();
  const { errors, readOnly } = useForm();
  const wrong = problemsAt(errors, `members.${index}`).map(({ problem }) => plain(t, problem));
  return (
    <tr>
      <td>
        {name}
        {wrong.length > 0 && <p className={css.error}>{wrong.join(' ')}</p>}
      </td>
      {FIGURES.map(({ key, min, max, usual }) => (
        <td key={key}>
          <NumberInput
            size="xs"
            w={84}
            min={min}
            max={max}
            allowDecimal={false}
            hideControls
            disabled={readOnly}
            aria-label={`${name}: ${t(`admin_member.${key}`)}`}
            placeholder={usual === null ? t('admin_queue.as_queue') : String(usual)}
            value={typeof member[key] === 'number' ? member[key] : ''}
            onChange={(next) => {
              const { [key]: _before, ...others } = member;
              set(typeof next === 'number' ? ({ ...others, [key]: next } as Member) : (others as Member));
            }}
          />
        </td>
      ))}
      <td>
        {!readOnly && (
          <ActionIcon.Group>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === 0}
              aria-label={t('admin_queue.earlier', { name })}
              onClick={() => move(-1)}
            >
              <IconArrowUp size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={last}
              aria-label={t('admin_queue.later', { name })}
              onClick={() => move(1)}
            >
              <IconArrowDown size={14} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('admin_form.without', { name })}
              onClick={remove}
            >
              <IconX size={14} aria-hidden />
            </ActionIcon>
          </ActionIcon.Group>
        )}
      </td>
    </tr>
  );
}
