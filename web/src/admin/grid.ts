// The grid of agents: what each knows and serves, changed cell by cell. Pure.

import { type Entry, entryOf, type Part, same } from './draft';
import { type Member, membersOf } from './queue';

export interface Column {
  kind: 'skill' | 'queue';
  id: string;
  name: string;
}

/** The sections that the grid changes. */
export interface Sheet {
  agents: Entry;
  queues: Entry;
  skills: Entry;
}

export interface Cell {
  agent: string;
  column: Column;
}

export const MAX = { skill: 10, queue: 20 } as const;

export function sheetOf(sections: Entry): Sheet {
  return {
    agents: entryOf(sections.agents),
    queues: entryOf(sections.queues),
    skills: entryOf(sections.skills),
  };
}

/** A skill's level, or the tier in a queue; null if the agent has or serves it not. */
export function cellValue(sheet: Sheet, { agent, column }: Cell): number | null {
  if (column.kind === 'skill') {
    const level = entryOf(entryOf(sheet.agents[agent]).skills)[column.id];
    return typeof level === 'number' ? level : null;
  }
  const member = membersOf(entryOf(sheet.queues[column.id])).find((one) => one.agent === agent);
  if (!member) return null;
  return typeof member.tier === 'number' ? member.tier : 1;
}

/** The sheet with other values in these cells. A value that a cell cannot have is the nearest that it can. */
export function fill(sheet: Sheet, cells: readonly (Cell & { value: number | null })[]): Sheet {
  const agents = { ...sheet.agents };
  const queues = { ...sheet.queues };
  for (const { agent, column, value } of cells) {
    const wanted = value === null ? null : Math.min(Math.max(Math.round(value), 1), MAX[column.kind]);
    if (column.kind === 'skill') agents[agent] = withSkill(entryOf(agents[agent]), column.id, wanted);
    else queues[column.id] = withMember(entryOf(queues[column.id]), agent, wanted);
  }
  return { ...sheet, agents, queues };
}

function withSkill(entry: Entry, skill: string, level: number | null): Entry {
  const { [skill]: _before, ...others } = entryOf(entry.skills);
  const skills = level === null ? others : { ...entryOf(entry.skills), [skill]: level };
  if (Object.keys(skills).length > 0) return { ...entry, skills };
  const { skills: _gone, ...rest } = entry;
  return rest;
}

/** Who comes new to a queue comes last; who stays keeps the place, the weight and the after-call work. */
export function withMember(queue: Entry, agent: string, tier: number | null): Entry {
  const members = membersOf(queue);
  const place = members.findIndex((one) => one.agent === agent);
  if (tier === null) {
    return place < 0 ? queue : { ...queue, members: written(members.filter((_, index) => index !== place)) };
  }
  const { tier: _before, ...others } = members[place] ?? { agent };
  const next = (tier === 1 ? others : { ...others, tier }) as Member;
  const all = place < 0 ? [...members, next] : members.map((one, index) => (index === place ? next : one));
  return { ...queue, members: written(all) };
}

function written(members: readonly Member[]): unknown[] {
  return members.map((member) => (Object.keys(member).length === 1 ? member.agent : member));
}

/** A skill that nobody has any more, under no name. */
export function withoutSkill(sheet: Sheet, skill: string): Sheet {
  const cells = Object.keys(sheet.agents).map((agent) => ({
    agent,
    column: { kind: 'skill', id: skill, name: skill } as Column,
    value: null,
  }));
  const had = cells.filter((cell) => cellValue(sheet, cell) !== null);
  const { [skill]: _gone, ...skills } = sheet.skills;
  return { ...fill(sheet, had), skills };
}

/** The parts that differ: agents one by one, queues one by one, the names of skills together. */
export function partsOf(before: Sheet, after: Sheet): Part[] {
  const parts: Part[] = [];
  for (const section of ['agents', 'queues'] as const) {
    for (const [name, value] of Object.entries(after[section])) {
      if (!same(before[section][name], value)) parts.push({ section, name, value });
    }
  }
  if (!same(before.skills, after.skills)) {
    parts.push({ section: 'skills', value: Object.keys(after.skills).length > 0 ? after.skills : null });
  }
  return parts;
}

/** How many cells differ. */
export function changedCells(before: Sheet, after: Sheet, columns: readonly Column[]): number {
  let count = 0;
  for (const agent of Object.keys(after.agents)) {
    for (const column of columns) {
      if (cellValue(before, { agent, column }) !== cellValue(after, { agent, column })) count += 1;
    }
  }
  return count;
}
