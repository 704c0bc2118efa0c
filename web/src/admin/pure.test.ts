// What happens to values of the configuration while they are edited.

import i18next from 'i18next';
import { expect, it } from 'vitest';
import { pasted } from './AgentSheet';
import { differing, merge, put, same } from './draft';
import { cellValue, fill, partsOf, sheetOf, withoutSkill } from './grid';
import { hoursFromForm, hoursPath, hoursToForm, lookOf, monthsOf, spansOf, weeklyOf, weekOf } from './hours';
import { plain, problemsOf } from './plain';
import { ladder, stepWords } from './planWords';
import { queueFromForm, queueToForm } from './queue';
import { change, codeProblem, sectionOf, shift, treeOf } from './tree';
import { typeTaken, wavOf } from './wav';

it('brings two changes of one entry together, and says where both changed the same', () => {
  const base = { name: 'Sales', ring: 15, wait: 900, wrap_up: { seconds: 10, mode: 'timed' } };
  const mine = { name: 'Sales', ring: 20, wait: 600, wrap_up: { seconds: 25, mode: 'timed' } };
  const theirs = { name: 'Sales EU', ring: 15, wait: 700, wrap_up: { seconds: 10, mode: 'forced' } };
  const { value, both } = merge(base, mine, theirs);
  expect(value).toEqual({ name: 'Sales EU', ring: 20, wait: 600, wrap_up: { seconds: 25, mode: 'forced' } });
  expect(both).toEqual(['wait']);
  expect(differing(base, theirs)).toEqual(['name', 'wait', 'wrap_up.mode']);
  // What one takes away while the other leaves it alone is gone.
  expect(merge({ a: 1, b: 2 }, { a: 1, b: 2 }, { a: 1 }).value).toEqual({ a: 1 });
  expect(merge({ a: 1, b: 2 }, { b: 3 }, { a: 1, b: 2 }).value).toEqual({ b: 3 });
});

it('leaves nothing empty behind when a value is taken away', () => {
  expect(put({ wrap_up: { seconds: 10 }, name: 'x' }, 'wrap_up.seconds', undefined)).toEqual({ name: 'x' });
  expect(put({}, 'login.username', 'me')).toEqual({ login: { username: 'me' } });
  expect(same({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 })).toBe(true);
});

it('writes a queue back as it was written: short where it was short, in full where it was in full', () => {
  const short = {
    wrap_up_s: 10,
    announce_position: true,
    music: 'waiting',
    members: ['1001', { agent: '1002', tier: 2 }],
  };
  expect(queueFromForm(queueToForm(short), short)).toEqual(short);
  const full = { wrap_up: { seconds: 10 }, music: { prompt: 'waiting' }, members: [] };
  expect(queueFromForm(queueToForm(full), full)).toEqual(full);
  const more = put(queueToForm(short), 'wrap_up.mode', 'forced');
  expect(queueFromForm(more, short)).toMatchObject({ wrap_up: { seconds: 10, mode: 'forced' } });
  expect(queueFromForm(more, short)).not.toHaveProperty('wrap_up_s');
});

it('says a step of a plan in a sentence, and the whole way of a caller in its order', () => {
  const skills = [{ id: 'french', name: 'French' }];
  const { t } = i18next;
  const step = { require: { french: 7 }, skip_if: 'nobody_working', priority_credit_s: 300 };
  expect(stepWords(t, step, skills)).toBe(
    'who knows French at 7; head start of 300 s; passed over if nobody works',
  );
  const queue = {
    members: ['1', '2', { agent: '3', tier: 2 }],
    tiers: { wait_s: 30 },
    plan: [step, { after_s: 20 }],
    wait_max_s: 25,
  };
  expect(ladder(t, queue, skills).map(({ at_s }) => at_s)).toEqual([0, 0, 20, 25, 30, null]);
});

it('changes cells of the grid and makes parts of what differs alone', () => {
  const sections = {
    agents: {
      '1001': { name: 'Ana', skills: { french: 3 } },
      '1002': { name: 'Bo' },
      '1003': { name: 'Cy' },
    },
    queues: { sales: { members: ['1001', { agent: '1002', tier: 2, weight: 5 }] } },
    skills: { french: 'French' },
  };
  const before = sheetOf(sections);
  const french = { kind: 'skill', id: 'french', name: 'French' } as const;
  const sales = { kind: 'queue', id: 'sales', name: 'Sales' } as const;
  const after = fill(before, [
    { agent: '1001', column: french, value: null },
    { agent: '1002', column: french, value: 12 },
    { agent: '1002', column: sales, value: 1 },
    { agent: '1003', column: sales, value: 3 },
  ]);
  expect(cellValue(after, { agent: '1002', column: french })).toBe(10);
  expect(partsOf(before, after)).toEqual([
    { section: 'agents', name: '1001', value: { name: 'Ana' } },
    { section: 'agents', name: '1002', value: { name: 'Bo', skills: { french: 10 } } },
    {
      section: 'queues',
      name: 'sales',
      value: { members: ['1001', { agent: '1002', weight: 5 }, { agent: '1003', tier: 3 }] },
    },
  ]);
  expect(partsOf(before, fill(after, [{ agent: '1003', column: sales, value: null }])).length).toBe(3);
  expect(partsOf(before, withoutSkill(before, 'french'))).toEqual([
    { section: 'agents', name: '1001', value: { name: 'Ana' } },
    { section: 'skills', value: null },
  ]);
  // A single value fills what is chosen; a table goes beside itself and stops at the edge.
  const box = { top: 0, bottom: 2, left: 0, right: 0 };
  expect(pasted('4\n', box, ['1001', '1002', '1003'], [french]).map(({ value }) => value)).toEqual([4, 4, 4]);
  expect(pasted('1\t2\n\t0', { top: 1, bottom: 1, left: 0, right: 0 }, ['a', 'b'], [french, sales])).toEqual([
    { agent: 'b', column: french, value: 1 },
    { agent: 'b', column: sales, value: 2 },
  ]);
});

it('knows what counts on a day, and writes the week as people do', () => {
  const weekly = { 'mon-fri': ['08:00-12:00', '13:00-18:00'], sat: ['09:00-12:00'] };
  expect(weeklyOf(weekOf(weekly))).toEqual(weekly);
  const form = hoursToForm({
    zone: 'Europe/Berlin',
    weekly,
    holidays: {
      '12-25': 'Christmas',
      '2026-12-25': 'This one',
      '2026-12-28..2026-12-31': 'Between the years',
    },
    special: { '2026-12-30': ['10:00-11:00'] },
  });
  expect(lookOf(form, '2026-12-24')).toMatchObject({ kind: 'open', spans: ['08:00-12:00', '13:00-18:00'] });
  expect(lookOf(form, '2026-12-25')).toMatchObject({ kind: 'holiday', name: 'This one' });
  expect(lookOf(form, '2027-12-25')).toMatchObject({ kind: 'holiday', name: 'Christmas', key: '12-25' });
  expect(lookOf(form, '2026-12-29')).toMatchObject({ kind: 'holiday', name: 'Between the years' });
  expect(lookOf(form, '2026-12-30')).toMatchObject({ kind: 'special', spans: ['10:00-11:00'] });
  expect(lookOf(form, '2026-12-27').kind).toBe('closed');
  expect(hoursFromForm(form, { weekly }).weekly).toBe(weekly);
  expect(hoursFromForm({ ...form, week: { ...weekOf(weekly), wed: [] } }, { weekly }).weekly).toEqual({
    'mon-tue': ['08:00-12:00', '13:00-18:00'],
    'thu-fri': ['08:00-12:00', '13:00-18:00'],
    sat: ['09:00-12:00'],
  });
  expect([hoursPath('weekly.mon-fri.0'), hoursPath('zone')]).toEqual(['week.mon', 'zone']);
  expect(spansOf('8:00 – 12:00，13:00-18:00')).toEqual(['08:00-12:00', '13:00-18:00']);
  expect(monthsOf(2024)[1]).toMatchObject({ id: '2024-02', blanks: 3, dates: { length: 29 } });
});

it('keeps the tree of dispositions, its order, and tells a code that is there twice', () => {
  const section = { sold: 'Sold', lost: { name: 'Lost', codes: { late: 'Too late', dear: 'Too dear' } } };
  const tree = treeOf(section);
  expect(sectionOf(tree)).toEqual(section);
  expect(JSON.stringify(sectionOf(shift(tree, 'dear', -1)))).toContain('"codes":{"dear":"Too dear","late"');
  const twice = change(tree, 'late', (node) => ({ ...node, code: 'sold' }));
  expect(codeProblem(twice, { ...tree[0], code: 'sold' } as never)).toBe('twice');
  expect(codeProblem(tree, { ...tree[0], code: 'too late' } as never)).toBe('bad');
  expect(sectionOf(change(tree, 'sold', () => null))).not.toHaveProperty('sold');
});

it('tells mistakes in plain words, each at the field that it is about', () => {
  const errors = [
    { field: 'numbers.4009.name', problem: 'a number without `flow`; add `flow: …`' },
    { field: 'numbers.4009.language', problem: 'no prompts in language `xx`; one of en' },
    { field: 'queues.sales.members.0', problem: 'there is no agent `1009`; one of `1001`' },
  ];
  const { inside, outside } = problemsOf(errors, 'numbers.4009');
  expect(inside.map(({ field }) => field)).toEqual(['flow', 'language']);
  expect(outside.map(({ field }) => field)).toEqual(['queues.sales.members.0']);
  expect(errors.map(({ problem }) => plain(i18next.t, problem))).toEqual([
    'flow is needed.',
    'There are no prompts in the language xx.',
    'There is no agent 1009.',
  ]);
  expect(plain(i18next.t, 'unexpected number 99999; expected seconds from 1 to 86400')).toBe(
    'From 1 to 86400 seconds.',
  );
  expect(plain(i18next.t, 'unknown strategy `longest`; did you mean `longest_idle`?')).toBe(
    'longest is not known here.',
  );
  expect(plain(i18next.t, '1001 groups; at most 1000')).toBe('At most 1000.');
  expect(plain(i18next.t, 'something new')).toBe('something new');
});

it('writes samples as a WAV file that the server reads', async () => {
  const bytes = new DataView(await wavOf(Float32Array.of(0, 1, -1, 2), 16_000).arrayBuffer());
  expect(bytes.byteLength).toBe(52);
  expect(String.fromCharCode(...new Uint8Array(bytes.buffer, 0, 4))).toBe('RIFF');
  expect([bytes.getUint32(24, true), bytes.getUint16(22, true), bytes.getUint32(40, true)]).toEqual([
    16_000, 1, 8,
  ]);
  expect([44, 46, 48, 50].map((at) => bytes.getInt16(at, true))).toEqual([0, 32_767, -32_767, 32_767]);
  expect([typeTaken('Welcome.MP3'), typeTaken('memo.m4a')]).toEqual(['audio/mpeg', null]);
});
