// Prompts and music: listed, uploaded with its progress, taken away, and where they are needed.

import { queryOptions } from '@tanstack/react-query';
import { currentLanguage } from '../texts';
import { addressOf, Problem, request } from './http';
import type { Prompt } from './types';

/** The folder of music among the languages. */
export const MUSIC = 'music';

const ONE = '/api/v1/prompts/{language}/{name}';

/** The languages that there are prompts of, and music. */
export function promptLanguagesQuery() {
  return queryOptions({
    queryKey: ['prompts'],
    queryFn: async ({ signal }) => (await request('GET', '/api/v1/prompts', { signal })).languages,
  });
}

/** All prompts of a language; none where there is no such folder yet. */
export function promptsQuery(language: string) {
  return queryOptions({
    queryKey: ['prompts', language],
    queryFn: async ({ signal }) => {
      const found: Prompt[] = [];
      try {
        for (let cursor: string | undefined | null; cursor !== null; ) {
          const page = await request('GET', '/api/v1/prompts/{language}', {
            path: { language },
            query: { cursor },
            signal,
          });
          found.push(...page.prompts);
          cursor = page.next;
        }
      } catch (error) {
        if (!(error instanceof Problem && error.status === 404)) throw error;
      }
      return found;
    },
  });
}

/** Where flows and queues in force need it. */
export function promptUsesQuery(language: string, name: string) {
  return queryOptions({
    queryKey: ['prompt_uses', language, name],
    queryFn: async ({ signal }) =>
      (await request('GET', '/api/v1/prompts/{language}/{name}/uses', { path: { language, name }, signal }))
        .places,
  });
}

export function promptUrl(language: string, name: string): string {
  return addressOf(ONE, { path: { language, name } });
}

export async function removePrompt(language: string, name: string): Promise<void> {
  await request('DELETE', ONE, { path: { language, name } });
}

interface Upload {
  language: string;
  name: string;
  sound: Blob;
  /** What is replaced; null for a new one. */
  etag: string | null;
  /** How much has been sent, from 0 to 1. */
  progress(part: number): void;
  signal: AbortSignal;
}

/** `fetch` tells no progress of what it sends; this does. */
export function uploadPrompt({ language, name, sound, etag, progress, signal }: Upload): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open('PUT', promptUrl(language, name));
    asked.setRequestHeader('content-type', sound.type);
    asked.setRequestHeader('accept-language', currentLanguage());
    if (etag === null) asked.setRequestHeader('if-none-match', '*');
    else asked.setRequestHeader('if-match', etag);
    asked.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    asked.onload = () => {
      if (asked.status < 300) resolve();
      else reject(new Problem(asked.status, bodyOf(asked.responseText)));
    };
    asked.onerror = () => reject(new Problem(0, {}));
    asked.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    signal.addEventListener('abort', () => asked.abort());
    asked.send(sound);
  });
}

function bodyOf(text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
