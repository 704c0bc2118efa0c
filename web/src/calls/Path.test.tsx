// The way of a call through flows, in words.

import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { Answers, Path } from './RecordTables';

it('says how each step ended in words, and leaves what it does not know as it is', () => {
  const exits = ['choice 1', 'case 2', 'else', 'hangup busy', 'agent_left', 'recorded', 'brand_new', 'a b c'];
  const steps = exits.map((exit, index) => ({
    flow: 'main',
    step: `step${index}`,
    entered_at: '2026-01-31T09:05:07.042Z',
    left_at: '2026-01-31T09:05:08.042Z',
    input: null,
    exit,
  }));
  show(<Path steps={steps} />);
  const shown = screen.getAllByRole('row').map((row) => row.lastChild?.textContent);
  expect(shown.slice(1)).toEqual([
    'Key 1',
    'Case 2',
    'No case',
    'Ended by the flow: busy',
    'Agent hung up',
    'Recorded',
    'brand new',
    'a b c',
  ]);
});

it('has the answers to surveys', () => {
  const at = '2026-01-31T09:05:07.042Z';
  show(<Answers answers={[{ survey: 'after_call', question: 'friendly', answer: 5, at }]} />);
  expect(screen.getAllByRole('row')[1]?.textContent).toMatch(/^after_callfriendly5/);
});
