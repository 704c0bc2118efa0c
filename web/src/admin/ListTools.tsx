// What every list of entries has above it: a search, and a button for a new one.

import { Button, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../app/session';
import { NEW } from './EntryEditor';
import css from './Form.module.css';
import type { PageId } from './pages';

interface SearchProps {
  placeholder: string;
  text: string;
  set(text: string): void;
  onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void;
}

export function ListSearch({ placeholder, text, set, onKeyDown }: SearchProps) {
  const { t } = useTranslation();
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => search.current?.focus()]]);
  return (
    <TextInput
      ref={search}
      className={css.text}
      aria-label={t('admin_form.search')}
      placeholder={placeholder}
      title={t('admin_form.search_key')}
      autoComplete="off"
      value={text}
      onChange={(event) => set(event.currentTarget.value)}
      {...(onKeyDown ? { onKeyDown } : {})}
    />
  );
}

/** For those who may change the configuration. */
export function NewEntry({ page, label }: { page: PageId; label: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay('config.edit');
  const begin = () => void navigate({ to: '/admin/$page/$name', params: { page, name: NEW } });
  useHotkeys([['alt+N', () => may && begin(), { usePhysicalKeys: true }]]);
  if (!may) return null;
  return (
    <Button leftSection={<IconPlus size={15} aria-hidden />} title={t('admin_form.new_key')} onClick={begin}>
      {label}
    </Button>
  );
}
