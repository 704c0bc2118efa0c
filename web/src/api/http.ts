// One way to ask the server: JSON in, JSON out, every failure a Problem (RFC 9457).

import { currentLanguage } from '../texts';
import type { Answer, Arguments, Method, PathOf } from './operations';
import type { FieldProblem, FlowMistake } from './types';

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
  errors?: FieldProblem[];
  mistakes?: FlowMistake[];
}

/** A request that failed. `status` 0 means that no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly detail: string | undefined;
  /** What can be acted on beyond the status: `code_required`. */
  readonly kind: string | undefined;
  readonly fields: FieldProblem[];
  /** Of flows: all that would be wrong. */
  readonly mistakes: FlowMistake[];

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

let onSignedOut: () => void = () => {};

/** Called whenever the server says that the session is over. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** To be called by whoever learns of a 401 by another way than [`request`]. */
export function signedOut(): void {
  onSignedOut();
}

interface Given {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: string;
  ifNoneMatch?: string;
  signal?: AbortSignal;
}

/**
 * Asks the server for an operation of `openapi.json`. What goes into the path, the query and the body, and what comes
 * back, are as that describes them.
 */
export async function request<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[args]: Arguments<M, P>
): Promise<Answer<M, P>> {
  return (await asked(method, path, (args ?? {}) as Given)).body as Answer<M, P>;
}

/** The same with the tag (`ETag`) that a change of what was read must name. */
export async function requestTagged<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[args]: Arguments<M, P>
): Promise<{ body: Answer<M, P>; tag: string }> {
  const { body, tag } = await asked(method, path, (args ?? {}) as Given);
  return { body: body as Answer<M, P>, tag };
}

async function asked(method: Method, path: string, given: Given): Promise<Answered> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-language': currentLanguage(),
  };
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (given.body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(given.body);
  }
  if (given.ifMatch !== undefined) headers['if-match'] = given.ifMatch;
  if (given.ifNoneMatch !== undefined) headers['if-none-match'] = given.ifNoneMatch;
  if (given.signal) init.signal = given.signal;
  return tagged(addressOf(path, given), init);
}

/** The address of an operation: `{…}` of the path and the query filled in. What is undefined or empty is left out. */
export function addressOf(path: string, { path: parts = {}, query = {} }: Given): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name])));
  const wanted = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (wanted.length === 0) return filled;
  return `${filled}?${new URLSearchParams(wanted.map(([name, value]) => [name, String(value)]))}`;
}

/** The JSON of an answer; undefined if it has none. */
export async function answered(address: string, init: RequestInit): Promise<unknown> {
  return (await tagged(address, init)).body;
}

interface Answered {
  body: unknown;
  tag: string;
}

async function tagged(address: string, init: RequestInit): Promise<Answered> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
  if (!response.ok) {
    if (response.status === 401 && address !== '/api/v1/session') signedOut();
    throw new Problem(response.status, await problemBody(response));
  }
  const text = response.status === 204 ? '' : await response.text();
  return { body: text === '' ? undefined : JSON.parse(text), tag: response.headers.get('etag') ?? '' };
}

async function problemBody(response: Response): Promise<ProblemBody> {
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    // A proxy's HTML page says nothing that the status does not.
    return {};
  }
}
