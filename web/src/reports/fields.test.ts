// Reports as people and spreadsheets read them.

import i18next from 'i18next';
import { expect, it } from 'vitest';
import type { Report } from '../api/reports';
import { csvOf, fieldsOf, linesOf, meaning, shown } from './fields';
import { momentsOf } from './spans';

const REPORT: Report = {
  from: '2025-11-23T00:00:00.000Z',
  until: '2025-11-24T00:00:00.000Z',
  by: 'hour',
  rows: [
    {
      queue: '=sum(a)',
      from: '2025-11-23T09:00:00.000Z',
      until: '2025-11-23T10:00:00.000Z',
      offered: 3,
      service_level: 0.5,
    },
    {
      queue: 'sales',
      from: '2025-11-23T09:00:00.000Z',
      until: '2025-11-23T10:00:00.000Z',
      offered: 7,
      service_level: null,
    },
    {
      queue: 'sales',
      from: '2025-11-23T10:00:00.000Z',
      until: '2025-11-23T11:00:00.000Z',
      offered: 1,
      service_level: 1,
    },
  ],
  definitions: [
    { field: 'offered', formula: 'O', words: 'all', zh: '全部' },
    { field: 'service_level', formula: 'SL', words: '', zh: '' },
    { field: 'not_there', formula: '', words: '', zh: '' },
  ],
};

it('shows shares in percent, times on the clock, and nothing where nothing was divided by', () => {
  expect([
    shown('service_level', 0.845),
    shown('asa_ms', 65_000),
    shown('offered', 3),
    shown('sl1', null),
  ]).toEqual(['84.5 %', '1:05', '3', '–']);
});

it('says what a number means in the language of the page', async () => {
  expect(meaning(REPORT.definitions[0])).toBe('all');
  await i18next.changeLanguage('zh-CN');
  expect(meaning(REPORT.definitions[0])).toBe('全部');
});

it('has the numbers in the order of their definitions', () => {
  expect(fieldsOf(REPORT)).toEqual(['offered', 'service_level']);
});

it('draws a line for each subject, those with the most first, with holes where there is no row', () => {
  const { times, lines, more } = linesOf(REPORT, 'offered', 1);
  expect(times).toHaveLength(2);
  expect(lines).toEqual([['sales', [7, 1]]]);
  expect(more).toBe(1);
  expect(linesOf(REPORT, 'offered', 5).lines[1]).toEqual(['=sum(a)', [3, null]]);
});

it('is taken away without formulas', () => {
  const [head, first] = csvOf(REPORT, fieldsOf(REPORT)).split('\r\n');
  expect(head).toBe('\uFEFFsubject,from,until,offered,service_level');
  expect(first).toBe("'=sum(a),2025-11-23T09:00:00.000Z,2025-11-23T10:00:00.000Z,3,0.5");
});

it('leaves today to the server, and begins other days at midnight', () => {
  const now = new Date(2025, 10, 23, 15);
  expect(momentsOf('today', {}, now)).toEqual({});
  const { from, until } = momentsOf('yesterday', {}, now);
  expect(Date.parse(until ?? '') - Date.parse(from ?? '')).toBe(86_400_000);
  expect(momentsOf('other', { from: 'x' }, now)).toEqual({ from: 'x' });
});
