// What the phone of this page registers with, instead of a SIP password.

import { Problem, request } from '../api/http';
import type { PhonePass } from './line';
import type { Trouble } from './standing';

/** A password for the next minute, or why there is none. */
export async function askPass(): Promise<PhonePass | Extract<Trouble, 'refused' | 'lost'>> {
  try {
    return await request('POST', '/api/v1/softphone/pass');
  } catch (error) {
    return error instanceof Problem && error.status >= 400 && error.status < 500 ? 'refused' : 'lost';
  }
}
