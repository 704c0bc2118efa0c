// Agents: all of them in a grid of skills and queues, each of them in a form.

import { Button, NativeSelect, SegmentedControl } from '@mantine/core';
import { IconTags } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Center } from '../api/config';
import { useMay } from '../app/session';
import { Nothing, Panel } from '../ui/Panel';
import { AgentEditor } from './AgentEditor';
import { AgentSheet } from './AgentSheet';
import { entryChoices, groupChoices, skillNames } from './choices';
import { type Entry, entryOf } from './draft';
import css from './Form.module.css';
import { type Column, changedCells, partsOf, type Sheet, sheetOf, withoutSkill } from './grid';
import { ListSearch, NewEntry } from './ListTools';
import { PendingActs, PendingProblems, usePending } from './Pending';
import { sectionPage } from './SectionPage';
import { SkillList } from './SkillList';

export default sectionPage(Grid, AgentEditor);

type Kinds = 'both' | 'skill' | 'queue';

function Grid({ center }: { center: Center }) {
  const { t } = useTranslation();
  const may = useMay('config.edit');
  const [begun, setBegun] = useState(center);
  const before = useMemo(() => sheetOf(begun.sections), [begun]);
  const [edited, setEdited] = useState<Sheet | null>(null);
  const [skillsOpen, setSkillsOpen] = useState(false);
  const sheet = edited ?? before;
  const parts = useMemo(() => (edited === null ? [] : partsOf(before, edited)), [before, edited]);
  if (parts.length === 0 && begun !== center) {
    setBegun(center);
    setEdited(null);
  }
  const check = usePending(parts);
  const [text, setText] = useState('');
  const [group, setGroup] = useState('');
  const [kinds, setKinds] = useState<Kinds>('both');
  const columns = useSteady(columnsOf(center, sheet, kinds));
  const agents = useMemo(() => found(sheet.agents, text, group), [sheet.agents, text, group]);
  const changed = edited === null ? 0 : changedCells(before, edited, columnsOf(center, sheet, 'both'));
  const wrong = useMemo(() => wrongCells(check.check?.errors ?? []), [check.check]);
  const total = Object.keys(sheet.agents).length;
  return (
    <Panel
      title={t('admin.page.agents')}
      count={total}
      aside={
        <>
          {may && (
            <Button
              variant="subtle"
              leftSection={<IconTags size={15} aria-hidden />}
              onClick={() => setSkillsOpen(true)}
            >
              {t('admin_agent.skills')}
            </Button>
          )}
          <NewEntry page="agents" label={t('admin_agent.new')} />
          <PendingActs
            title={t('admin_agent.save_title', { count: Math.max(changed, parts.length) })}
            parts={parts}
            begun={begun}
            check={check}
            count={Math.max(changed, parts.length)}
            undo={() => setEdited(null)}
            saved={(saved) => {
              setEdited(null);
              setBegun(saved);
            }}
          />
        </>
      }
    >
      <div className={css.search}>
        <ListSearch placeholder={t('admin_agent.search')} text={text} set={setText} />
        <NativeSelect
          aria-label={t('admin_agent.group')}
          value={group}
          onChange={(event) => setGroup(event.currentTarget.value)}
          data={[{ value: '', label: t('admin_agent.all_groups') }, ...groupChoices(center)]}
        />
        <SegmentedControl
          aria-label={t('admin_agent.columns')}
          value={kinds}
          onChange={(value) => setKinds(value as Kinds)}
          data={[
            { value: 'both', label: t('admin_agent.both') },
            { value: 'skill', label: t('admin_agent.only_skills') },
            { value: 'queue', label: t('admin_agent.only_queues') },
          ]}
        />
        <span className={css.hintLine}>{t('admin_agent.keys')}</span>
      </div>
      <PendingProblems check={check} />
      {total === 0 ? (
        <Nothing>{t('admin_agent.none')}</Nothing>
      ) : columns.length === 0 ? (
        <Nothing>{t('admin_agent.no_columns')}</Nothing>
      ) : agents.length === 0 ? (
        <Nothing>{t('admin_form.nothing_found')}</Nothing>
      ) : (
        <AgentSheet
          label={t('admin.page.agents')}
          sheet={sheet}
          before={before}
          agents={agents}
          columns={columns}
          readOnly={!may}
          wrong={wrong}
          change={setEdited}
        />
      )}
      {skillsOpen && (
        <SkillList
          skills={skillNames({ ...center, sections: { ...center.sections, ...sheet } })}
          close={() => setSkillsOpen(false)}
          name={(id, called) => setEdited({ ...sheet, skills: { ...sheet.skills, [id]: called } })}
          remove={(id) => setEdited(withoutSkill(sheet, id))}
        />
      )}
    </Panel>
  );
}

function columnsOf(center: Center, sheet: Sheet, kinds: Kinds): Column[] {
  const edited = { ...center, sections: { ...center.sections, ...sheet } };
  const skills = skillNames(edited).map(({ id, name }): Column => ({ kind: 'skill', id, name }));
  const queues = entryChoices(edited, 'queues').map(({ value }): Column => {
    const { name } = entryOf(sheet.queues[value]);
    return { kind: 'queue', id: value, name: typeof name === 'string' ? name : value };
  });
  return [...(kinds === 'queue' ? [] : skills), ...(kinds === 'skill' ? [] : queues)];
}

/** The same list as long as it says the same, so that rows are not drawn again for it. */
function useSteady(columns: Column[]): readonly Column[] {
  const key = JSON.stringify(columns);
  return useMemo(() => JSON.parse(key) as Column[], [key]);
}

/** Agents by name, id, extension or group. */
function found(agents: Entry, text: string, group: string): string[] {
  const wanted = text.trim().toLowerCase();
  return Object.keys(agents).filter((id) => {
    const { name, extension, groups } = entryOf(agents[id]);
    const own = Array.isArray(groups) ? groups.map(String) : [];
    if (group !== '' && !own.includes(group)) return false;
    return [id, name, extension, ...own].some((word) =>
      String(word ?? '')
        .toLowerCase()
        .includes(wanted),
    );
  });
}

/** `agents.1001.skills.french` is the cell `1001/skill/french`. */
function wrongCells(errors: readonly { field: string }[]): ReadonlySet<string> {
  const cells = errors.flatMap(({ field }) => {
    const [section, agent, key, skill] = field.split('.');
    return section === 'agents' && key === 'skills' ? [`${agent}/skill/${skill}`] : [];
  });
  return new Set(cells);
}
