// The prompts of a language, for choices.

import { useQuery } from '@tanstack/react-query';
import { promptsQuery } from '../api/prompts';
import { useMay } from '../app/session';
import type { Choice } from './Form';

export function usePromptNames(language: string): Choice[] {
  const may = useMay('prompts.see');
  const { data } = useQuery({ ...promptsQuery(language), enabled: may && language !== '' });
  return data?.map(({ name }) => ({ value: name, label: name })) ?? [];
}
