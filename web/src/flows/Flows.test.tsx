// What admins read about flows.

import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { LEADER } from '../test/samples';
import { serve } from '../test/server';
import { Flows } from './Flows';

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
