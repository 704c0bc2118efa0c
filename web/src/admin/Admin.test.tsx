// What an administrator does and reads on the admin pages.

import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { show } from '../test/render';
import { LEADER } from '../test/samples';
import { type Asked, serve } from '../test/server';
import Agents from './Agents';
import HistoryPage from './HistoryPage';
import Numbers from './Numbers';
import { openPages } from './pages';
import Reasons from './Reasons';
import { Upload } from './Upload';

const ADMIN = {
  ...LEADER,
  permissions: Object.fromEntries(
    ['config.see', 'config.edit', 'flows.see', 'prompts.see', 'prompts.edit'].map((word) => [word, 'all']),
  ),
} as typeof LEADER;
const SECTIONS = {
  language: 'en',
  numbers: { '4000': { flow: 'main' } },
  queues: { sales: { name: 'Sales', ring_timeout_s: 15, members: ['1001'] } },
  agents: { '1001': { name: 'Ana Kim' }, '1002': { name: 'Bo Li' }, '1003': { name: 'Cy Wu' } },
  skills: { french: 'French' },
  reasons: { lunch: { name: 'Lunch', daily_quota_s: 900, at_once_max: 5 } },
};

function config(more: object = {}) {
  return {
    text: 'domain: x\n',
    sections: SECTIONS,
    version: { version: 3, since: '2026-01-31T09:05:07.042Z', author: 'boss', change: 'queues/sales' },
    is_current: true,
    mistakes: [],
    needs_restart: [],
    ...more,
  };
}

const GOOD = { errors: [], mistakes: [], needs_restart: [], diff: '--- a\n+++ b\n@@ -3 +3 @@\n-old\n+new\n' };

function center(more: Parameters<typeof serve>[0] = {}): Asked[] {
  return serve({
    'GET /api/v1/config': { body: config(), etag: '"one"' },
    'POST /api/v1/config/check': { body: GOOD },
    'GET /api/v1/flows': { body: { flows: [{ name: 'main' }, { name: 'support' }], mistakes: [] } },
    ...more,
  });
}

const parts = (asked: Asked | undefined) => (asked?.body as { parts: unknown[] } | undefined)?.parts;

it('shows every mistake beside its field in the reader’s words, and saves after the diff alone', async () => {
  let errors = [
    { field: 'numbers.4009.name', problem: 'a number without `flow`; add `flow: …`' },
    { field: 'numbers.4009.language', problem: 'no prompts in language `xx`; one of en' },
  ];
  const log = center({
    'POST /api/v1/config/check': () => ({ body: { ...GOOD, errors, needs_restart: ['country'] } }),
    'PUT /api/v1/config': { body: config(), etag: '"two"' },
  });
  show(<Numbers name="~new" />, { session: ADMIN });
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText(/^Number/), '4009');
  await user.type(screen.getByLabelText('Label'), 'Service');
  await user.type(screen.getByRole('combobox', { name: 'Language' }), 'xx');
  await waitFor(() => expect(screen.getByText('There are no prompts in the language xx.')).toBeTruthy());
  expect(screen.getByRole('combobox', { name: /^Flow that answers/ }).getAttribute('aria-invalid')).toBe(
    'true',
  );
  expect(screen.getByText('flow is needed.')).toBeTruthy();
  expect(screen.getByText('2 mistakes')).toBeTruthy();
  expect(screen.getByText(/counts only once the server is started again: country/)).toBeTruthy();

  errors = [];
  await user.click(screen.getByRole('combobox', { name: /^Flow that answers/ }));
  await user.click(await screen.findByRole('option', { name: 'support' }));
  await user.keyboard('{Control>}s{/Control}');
  const dialog = await screen.findByRole('dialog');
  expect((await within(dialog).findByLabelText('What differs in the file')).textContent).toContain('+new');
  expect(log.some(({ method }) => method === 'PUT')).toBe(false);
  await user.click(within(dialog).getByRole('button', { name: 'Save: in force at once' }));
  await waitFor(() => expect(log.some(({ method }) => method === 'PUT')).toBe(true));
  const saved = log.find(({ method }) => method === 'PUT');
  expect(saved?.headers['if-match']).toBe('"one"');
  expect(parts(saved)).toEqual([
    { section: 'numbers', name: '4009', value: { name: 'Service', language: 'xx', flow: 'support' } },
  ]);
});

it('shows what somebody else changed meanwhile, and joins both', async () => {
  const theirs = { ...SECTIONS, reasons: { lunch: { name: 'Meal', daily_quota_s: 1200, at_once_max: 5 } } };
  const fresh = config({ sections: theirs });
  let reads = 0;
  const log = center({
    'GET /api/v1/config': () => {
      reads += 1;
      return reads === 1 ? { body: config(), etag: '"one"' } : { body: fresh, etag: '"two"' };
    },
    'PUT /api/v1/config': ({ headers }) =>
      headers['if-match'] === '"two"'
        ? { body: fresh, etag: '"three"' }
        : { status: 412, body: { title: 'stale' } },
  });
  show(<Reasons name="lunch" />, { session: ADMIN });
  const user = userEvent.setup();
  const quota = await screen.findByLabelText('At most a day');
  await user.clear(quota);
  await user.type(quota, '600');
  await user.keyboard('{Control>}s{/Control}');
  await user.click(await screen.findByRole('button', { name: 'Save: in force at once' }));
  const dialog = await screen.findByRole('dialog');
  expect((await within(dialog).findByRole('alert')).textContent).toContain('boss changed the same');
  const rows = within(dialog)
    .getAllByRole('row')
    .map((row) => row.textContent);
  expect(rows).toContain('reasons/lunch nameLunchMealLunch');
  expect(rows).toContain('reasons/lunch daily_quota_s9001200600');
  await user.click(within(dialog).getByRole('button', { name: 'Join both and look again' }));
  await user.click(await within(dialog).findByRole('button', { name: 'Save: in force at once' }));
  await waitFor(() => expect(log.filter(({ method }) => method === 'PUT').length).toBe(2));
  expect(parts(log.findLast(({ method }) => method === 'PUT'))).toEqual([
    { section: 'reasons', name: 'lunch', value: { name: 'Meal', daily_quota_s: 600, at_once_max: 5 } },
  ]);
});

it('says what a deletion touches, and refuses it while a flow needs it', async () => {
  const mistake = {
    file: 'ivr-flows/main.yaml',
    line: 50,
    column: 3,
    end_column: 8,
    severity: 'error',
    problem: 'unknown queue `sales`',
    remedy: 'one of `support`',
    source_line: '',
  };
  const log = center({ 'POST /api/v1/config/check': { body: { ...GOOD, mistakes: [mistake] } } });
  show(<Reasons name="lunch" />, { session: ADMIN });
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: 'Delete' }));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText('Reports of the past keep it by its word.')).toBeTruthy();
  expect(await within(dialog).findByText('main.yaml, line 50')).toBeTruthy();
  expect(within(dialog).getByRole('button', { name: 'Delete' })).toHaveProperty('disabled', true);
  expect(parts(log.findLast(({ method }) => method === 'POST'))).toEqual([
    { section: 'reasons', name: 'lunch', value: null },
  ]);
});

it('fills many cells of the grid by keys and saves them as one change', async () => {
  // jsdom lays nothing out: the window of rows has a height.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(300);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(300);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(600);
  const log = center({ 'PUT /api/v1/config': { body: config(), etag: '"two"' } });
  show(<Agents name={null} />, { session: ADMIN });
  const user = userEvent.setup();
  const cell = (name: string) => screen.getByRole('gridcell', { name });
  fireEvent.mouseDown(await screen.findByRole('gridcell', { name: 'Ana Kim, French: none' }));
  await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('0/0'));
  await user.keyboard('7');
  expect(cell('Ana Kim, French: 7').dataset.mark).toContain('changed');
  await user.keyboard('{Shift>}{ArrowDown}');
  await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('1/0'));
  await user.keyboard('{ArrowDown}{/Shift}');
  await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('2/0'));
  await user.keyboard('{Control>}d{/Control}');
  expect(cell('Cy Wu, French: 7')).toBeTruthy();
  await user.keyboard('{ArrowRight}');
  await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('2/1'));
  await user.keyboard('2');
  expect(cell('Cy Wu, Sales: 2')).toBeTruthy();
  expect(screen.getByText('4 changes not saved')).toBeTruthy();
  await user.keyboard('{Control>}s{/Control}');
  await user.click(await screen.findByRole('button', { name: 'Save: in force at once' }));
  await waitFor(() => expect(log.some(({ method }) => method === 'PUT')).toBe(true));
  expect(parts(log.find(({ method }) => method === 'PUT'))).toEqual([
    { section: 'agents', name: '1001', value: { name: 'Ana Kim', skills: { french: 7 } } },
    { section: 'agents', name: '1002', value: { name: 'Bo Li', skills: { french: 7 } } },
    { section: 'agents', name: '1003', value: { name: 'Cy Wu', skills: { french: 7 } } },
    {
      section: 'queues',
      name: 'sales',
      value: { ...SECTIONS.queues.sales, members: ['1001', { agent: '1003', tier: 2 }] },
    },
  ]);
});

it('says why nothing can be recorded', async () => {
  vi.stubGlobal('isSecureContext', false);
  const { unmount } = show(<Upload language="en" by="record" close={() => {}} />, { session: ADMIN });
  expect((await screen.findByRole('alert')).textContent).toContain('HTTPS');
  expect(screen.getByRole('button', { name: 'Record' })).toHaveProperty('disabled', true);
  unmount();
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('MediaRecorder', class {});
  const getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { mediaDevices: { getUserMedia } }));
  show(<Upload language="en" by="record" close={() => {}} />, { session: ADMIN });
  fireEvent.click(await screen.findByRole('button', { name: 'Record' }));
  expect((await screen.findByRole('alert')).textContent).toContain('No microphone was found');
});

it('comes back to a version after saying what that undoes', async () => {
  const version = (number: number, change: string) => ({
    version: number,
    since: '2026-01-31T09:05:07.042Z',
    author: 'boss',
    change,
  });
  const log = center({
    'GET /api/v1/config/versions': {
      body: { versions: [version(3, 'queues/sales'), version(2, 'numbers/4000')], next: null },
    },
    'GET /api/v1/config/diff?from=2': { body: { diff: '@@ -1 +1 @@\n-a\n+b\n' } },
    'POST /api/v1/config/rollback': { body: config(), etag: '"four"' },
  });
  show(<HistoryPage />, { session: ADMIN });
  const user = userEvent.setup();
  await user.click(await screen.findByRole('button', { name: /Version 2/ }));
  await user.click(screen.getByRole('button', { name: 'Come back to version 2…' }));
  expect(await screen.findByText(/Undoes everything after version 2: 2 lines differ/)).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Put version 2 in force' }));
  await waitFor(() => expect(log.some(({ path }) => path.endsWith('/rollback'))).toBe(true));
  const asked = log.find(({ path }) => path.endsWith('/rollback'));
  expect([asked?.body, asked?.headers['if-match']]).toEqual([{ version: 2 }, '"one"']);
});

it('opens to each what the permissions allow', () => {
  const ids = (...permissions: string[]) =>
    openPages(Object.fromEntries(permissions.map((word) => [word, 'all']))).map(({ id }) => id);
  expect(ids('prompts.see', 'hours.set')).toEqual(['hours', 'prompts']);
  expect(ids('calls.see')).toEqual([]);
  expect(ids('config.see')).toContain('queues');
});
