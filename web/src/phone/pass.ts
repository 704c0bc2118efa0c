// What the phone of this page registers with, instead of a SIP password.

import { answered, Problem } from '../api/http';
import { currentLanguage } from '../texts';
import type { PhonePass } from './line';
import type { Trouble } from './standing';

/** A password for the next minute, or why there is none. */
export async function askPass(): Promise<PhonePass | Extract<Trouble, 'refused' | 'lost'>> {
  const headers = { accept: 'application/json', 'accept-language': currentLanguage() };
  const init: RequestInit = { method: 'POST', headers, credentials: 'same-origin' };
  try {
    return (await answered('/api/v1/softphone/pass', init)) as PhonePass;
  } catch (error) {
    return error instanceof Problem && error.status >= 400 && error.status < 500 ? 'refused' : 'lost';
  }
}
