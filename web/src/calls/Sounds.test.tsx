// How each phone sounded, on the page of a call.

import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { LegSound } from '../api/types';
import { show } from '../test/render';
import { Sounds } from './RecordTables';

function sound(more: Partial<LegSound> = {}): LegSound {
  return {
    leg: 1,
    party: 'caller',
    agent: null,
    codec: 'PCMU',
    packets_received: 970,
    packets_lost: 30,
    packets_reordered: 0,
    packets_sent: 1000,
    jitter_us: 2345,
    jitter_max_us: 5000,
    concealed_ms: 0,
    packets_late: 0,
    buffered_ms: null,
    round_trip_us: 81_400,
    peer_lost: 12,
    peer_jitter_us: 2000,
    mos: 4.08,
    ...more,
  };
}

it('has loss, jitter and score of each, and a grade in words beside the colour', () => {
  const agent = sound({
    leg: 2,
    party: 'agent',
    agent: '1001',
    codec: 'G722',
    packets_lost: 0,
    mos: 2.5,
    round_trip_us: null,
    peer_lost: null,
  });
  show(<Sounds sounds={[sound(), agent, sound({ leg: 3, mos: null })]} />);
  const rows = screen.getAllByRole('row').map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows.slice(1)).toEqual([
    ['Caller', 'PCMU', '970', '3.0 %', '2.3 ms', '1.2 %', '81.4 ms', '4.08 good'],
    ['Agent 1001', 'G722', '970', '0.0 %', '2.3 ms', '–', '–', '2.50 poor'],
    ['Caller', 'PCMU', '970', '3.0 %', '2.3 ms', '1.2 %', '81.4 ms', '–'],
  ]);
});
