// "Why is this caller waiting?", in words.

import { screen, waitFor } from '@testing-library/react';
import i18next from 'i18next';
import { expect, it } from 'vitest';
import { show } from '../test/render';
import { agent, call, LEADER, snapshot } from '../test/samples';
import { serve } from '../test/server';
import { Why } from './Why';

const DECISIONS = {
  decisions: [
    {
      at: '2025-11-23T10:00:01.000Z',
      agent: null,
      replayed: null,
      decision: {
        strategy: 'longest_idle',
        position: 1,
        waited_ms: 0,
        step: null,
        words: 'nobody of 2 can take the call',
        candidates: [],
        refused: [],
        unlisted: 0,
      },
    },
  ],
  waits_because: {
    strategy: 'longest_idle',
    position: 2,
    waited_ms: 65_000,
    step: null,
    words: 'nobody of 2 can take the call',
    candidates: [],
    refused: [
      { agent: '1001', gate: 'SKILL_MISSING', until: null, words: 'does not have french' },
      { agent: '1002', gate: 'AT_CAPACITY', until: null, words: 'has a call' },
    ],
    unlisted: 3,
  },
};

async function why() {
  serve({ 'GET /api/v1/calls/c1/decisions': { body: DECISIONS } });
  const agents = [agent(), agent({ id: '1002', name: 'Bo Lind' })];
  show(<Why call="c1" close={() => {}} />, {
    session: LEADER,
    snapshot: snapshot({ agents, calls: [call({ state: 'queued' })] }),
  });
  const dialog = await screen.findByRole('dialog');
  await waitFor(() => expect(dialog.textContent).toContain('Ana Kim'));
  return dialog.textContent;
}

it('says the place in line, and by which gate each agent is kept from the call', async () => {
  const text = await why();
  expect(text).toContain('Why is +493055512345 waiting?');
  expect(text).toContain('Place 2 in line, has waited 1:05.');
  expect(text).toMatch(/Lacks a skill.*Ana Kim/);
  expect(text).toMatch(/Has a call.*Bo Lind/);
  expect(text).toContain('and 3 more');
  expect(text).toContain('Nobody could take the call');
});

it('says so in Chinese too', async () => {
  await i18next.changeLanguage('zh-CN');
  const text = await why();
  expect(text).toMatch(/缺少所需技能.*Ana Kim/);
  expect(text).toContain('排在第 2 位，已等待 1:05。');
  expect(text).not.toContain('does not have');
});
