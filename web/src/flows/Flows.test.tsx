// What admins read about flows.

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import i18next from 'i18next';
import { expect, it, vi } from 'vitest';
import { show } from '../test/render';
import { LEADER, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { Flows } from './Flows';
import { TestCall } from './TestCall';

const MISTAKE = {
  file: 'ivr-flows/main.yaml',
  line: 12,
  column: 3,
  end_column: 8,
  severity: 'error',
  problem: 'there is no step `sales`',
  remedy: 'did you mean `sale`?',
  source_line: '  then: sales',
};

it('shows what is in force since when and by whom, and what is wrong with a file that is not', async () => {
  const since = '2026-01-31T09:05:07.042Z';
  const flows = [
    { name: 'main', version: 3, since, author: 'file', is_current: false, mistakes: [MISTAKE] },
    { name: 'night', version: 1, since, author: 'boss', is_current: true, mistakes: [] },
  ];
  serve({ 'GET /api/v1/flows': { body: { flows, mistakes: [] } } });
  show(<Flows />, { session: LEADER });
  const [, main, night] = await screen.findAllByRole('row');
  expect(main?.textContent).toMatch(/^mainFile has mistakes3.*Change of the file$/);
  expect(night?.textContent).toMatch(/^nightIn force1.*boss$/);
  const mistake = within(screen.getByRole('list')).getByRole('listitem');
  expect(mistake.textContent).toContain('ivr-flows/main.yaml:12:3');
  expect(mistake.textContent).toContain('there is no step `sales`');
  expect(mistake.textContent).toContain('did you mean `sale`?');
});

it('lets the prompts of a test call be heard, only those that are new after a key, and tells its course in Chinese', async () => {
  await i18next.changeLanguage('zh-CN');
  const heard: string[] = [];
  class Sound extends EventTarget {
    constructor(readonly src: string) {
      super();
    }
    play() {
      heard.push(this.src);
      queueMicrotask(() => this.dispatchEvent(new Event('ended')));
      return Promise.resolve();
    }
    pause() {}
  }
  vi.stubGlobal('Audio', Sound);
  const moment = (code: string, about = '', prompt: object | null = null) => ({
    at_ms: 0,
    what: 'in English',
    code,
    about,
    prompt,
  });
  const prompt = (name: string) => moment('hears', name, { language: 'en', name });
  const first = [moment('answered'), prompt('welcome'), prompt('menu')];
  const courses = [first, [...first, moment('presses', '1'), prompt('thanks')]];
  serve({
    'POST /api/v1/flows/main/test': () => ({
      body: { tests: [{ path: [], last: null, failure: null, transcript: courses.shift() }] },
    }),
    'GET /api/v1/hours': { body: { hours: [] } },
  });
  const session = { ...LEADER, permissions: { ...LEADER.permissions, 'prompts.see': 'all' as const } };
  show(<TestCall flow="main" text="" ran={() => {}} />, { session, snapshot: snapshot() });
  await userEvent.click(screen.getByRole('button', { name: '呼叫' }));
  await waitFor(() => expect(heard).toEqual(['welcome', 'menu'].map((name) => `/api/v1/prompts/en/${name}`)));
  expect(screen.getByText(/来电已应答/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: '1' }));
  await waitFor(() => expect(heard.slice(2)).toEqual(['/api/v1/prompts/en/thanks']));
  expect(screen.getByText(/您按下 1/)).toBeTruthy();
  expect(screen.queryByText(/in English/)).toBeNull();
});
