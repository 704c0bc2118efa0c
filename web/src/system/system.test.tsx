// The audit log and the flags of the doctor.

import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { auditFile } from '../api/system';
import { show } from '../test/render';
import { LEADER, snapshot, T0 } from '../test/samples';
import { serve } from '../test/server';
import Audit from './Audit';
import Doctor from './Doctor';

const ROW = { seq: 7, at: T0, actor: 'sam', action: 'recording.erase', subject: 'c1', detail: { bytes: 9 } };

it('says of the audit log who did what, and finds by who', async () => {
  const log = serve({
    'GET /api/v1/audit?limit=100': { body: { entries: [ROW], next: null } },
    'GET /api/v1/audit?actor=sam&limit=100': { body: { entries: [], next: null } },
  });
  show(<Audit />, { session: LEADER, snapshot: snapshot() });
  expect(await screen.findByText('Recording erased')).toBeTruthy();
  expect(screen.getByText('bytes: 9')).toBeTruthy();
  await userEvent.type(screen.getByLabelText('Who'), 'sam');
  await userEvent.click(screen.getByRole('button', { name: 'Find' }));
  expect(await screen.findByText('Nothing was found.')).toBeTruthy();
  expect(log.at(-1)?.path).toBe('/api/v1/audit?actor=sam&limit=100');
});

it.each([
  [{ rows: 12, broken_at: null }, '12 rows are what was written.'],
  [
    { rows: 6, broken_at: 7 },
    'Row 7 is missing, or it or the one before was changed. The 6 rows before it are whole.',
  ],
])('says whether the log is whole: %o', async (body, text) => {
  serve({
    'GET /api/v1/audit?limit=100': { body: { entries: [], next: null } },
    'GET /api/v1/audit/check': { body },
  });
  show(<Audit />, { session: LEADER, snapshot: snapshot() });
  await userEvent.click(screen.getByRole('button', { name: 'Check now' }));
  expect((await screen.findByText(new RegExp(text.slice(0, 12)))).textContent).toContain(text);
});

it('shows the worst first, and how long things are kept', async () => {
  serve({
    'GET /api/v1/system/doctor': {
      body: {
        findings: [
          {
            subject: 'clock',
            verdict: 'good',
            says: 'ticks',
            advice: null,
            about: { code: 'clock' },
            found: { code: 'clock_set' },
          },
          {
            subject: 'recordings /r',
            verdict: 'bad',
            says: 'is nearly full',
            advice: 'make room',
            about: { code: 'recordings', folder: '/r' },
            found: { code: 'room_little', hours: 7, gigabytes: 1 },
          },
        ],
        retention: {
          recordings_days: 90,
          messages_days: null,
          calls_days: 730,
          flow_figures_days: null,
          queues: { support: { recordings_days: 30, messages_days: null, calls_days: null } },
        },
      },
    },
  });
  show(<Doctor />, { session: LEADER, snapshot: snapshot() });
  expect((await screen.findAllByRole('listitem')).map(({ textContent }) => textContent)).toEqual([
    'WrongRecordings: /rRoom for 7 hours of recorded talk (1 GB).Erase what is no longer needed, or take a larger disk.',
    'GoodClockSet by the network.',
  ]);
  expect(screen.getByText('90 days')).toBeTruthy();
  expect(screen.getByText('730 days')).toBeTruthy();
  expect(screen.getByText('Recordings of Support')).toBeTruthy();
  expect(screen.queryByText('Messages for Support')).toBeNull();
  expect(screen.getAllByText('For good')).toHaveLength(2);
});

it('has the log as a file by the same search', () => {
  expect(auditFile({})).toBe('/api/v1/audit.csv');
  expect(auditFile({ actor: 'ann b', action: undefined, from: '2026-01-01T00:00:00Z' })).toBe(
    '/api/v1/audit.csv?actor=ann+b&from=2026-01-01T00%3A00%3A00Z',
  );
});
