// One way to ask the server: JSON in, JSON out, every failure a Problem (RFC 9457).

import { currentLanguage } from '../texts';

export interface FieldProblem {
  field: string;
  problem: string;
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  errors?: FieldProblem[];
  mistakes?: unknown[];
}

/** A request that failed. `status` 0 means that no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly detail: string | undefined;
  /** What can be acted on beyond the status: `code_required`. */
  readonly kind: string | undefined;
  readonly fields: FieldProblem[];
  /** Of flows: all that would be wrong. */
  readonly mistakes: unknown[];

  constructor(status: number, body: ProblemBody) {
    super(body.title ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.detail = body.detail;
    this.kind = body.type;
    this.fields = body.errors ?? [];
    this.mistakes = body.mistakes ?? [];
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface Options {
  body?: unknown;
  ifMatch?: string;
  ifNoneMatch?: string;
  signal?: AbortSignal;
}

let onSignedOut: () => void = () => {};

/** Called whenever the server says that the session is over. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** To be called by whoever learns of a 401 by another way than [`request`]. */
export function signedOut(): void {
  onSignedOut();
}

export async function request<Body>(method: Method, path: string, options: Options = {}): Promise<Body> {
  return (await requestTagged<Body>(method, path, options)).body;
}

/** With the tag (`ETag`) that a change of what was read must name. */
export async function requestTagged<Body>(
  method: Method,
  path: string,
  options: Options = {},
): Promise<{ body: Body; tag: string }> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': currentLanguage(),
  };
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (options.body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  }
  if (options.ifMatch !== undefined) headers['if-match'] = options.ifMatch;
  if (options.ifNoneMatch !== undefined) headers['if-none-match'] = options.ifNoneMatch;
  if (options.signal) init.signal = options.signal;

  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
  if (!response.ok) {
    if (response.status === 401 && path !== '/api/v1/session') signedOut();
    throw new Problem(response.status, await problemBody(response));
  }
  // 202 and 204 say all that there is to say.
  const text = await response.text();
  const body = (text === '' ? undefined : JSON.parse(text)) as Body;
  return { body, tag: response.headers.get('etag') ?? '' };
}

async function problemBody(response: Response): Promise<ProblemBody> {
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    // A proxy's HTML page says nothing that the status does not.
    return {};
  }
}
