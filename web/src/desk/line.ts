// In words how a line sounds, from a mean opinion score.

import type { LineQuality } from '../api/types';

/** From here up nobody notices anything, below it everybody does. */
const GOOD_MOS = 4;
const FAIR_MOS = 3.5;
/** What a phone misses is not in the score, and is heard by the agent alone. */
const FAIR_PEER_PERMILLE = 20;
const POOR_PEER_PERMILLE = 60;

export type Grade = 'good' | 'fair' | 'poor';

export const TONES = { good: 'ready', fair: 'hold', poor: 'bad' } as const;

export function gradeOfMos(mos: number): Grade {
  return mos >= GOOD_MOS ? 'good' : mos >= FAIR_MOS ? 'fair' : 'poor';
}

/** The worse of both ways; null if too little came to say anything. */
export function gradeOf({ mos, peer_lost_permille }: LineQuality): Grade | null {
  if (mos === null) return null;
  const there = gradeOfMos(mos);
  const here = peer_lost_permille ?? 0;
  if (there === 'poor' || here >= POOR_PEER_PERMILLE) return 'poor';
  return there === 'fair' || here >= FAIR_PEER_PERMILLE ? 'fair' : 'good';
}
