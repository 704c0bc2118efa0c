// Prompts and music: heard, uploaded, recorded, taken away, and where they are played.

import { Button, Loader, NativeSelect, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconMicrophone, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MUSIC, promptLanguagesQuery, promptsQuery } from '../api/prompts';
import type { Prompt } from '../api/types';
import { useMay } from '../app/session';
import { dayAndTime, languageName, short } from '../texts/format';
import { Failure } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Nothing, Panel } from '../ui/Panel';
import css from './Form.module.css';
import { PromptPage } from './PromptPage';
import type { PageProps } from './pages';
import { Upload } from './Upload';

/** Between a language and a name in the address. */
const BETWEEN = ':';

export default function Prompts({ name }: PageProps) {
  const { t } = useTranslation();
  const may = useMay('prompts.see');
  if (!may) return <Nothing>{t('problem.forbidden')}</Nothing>;
  if (name?.includes(BETWEEN)) {
    const [language = '', prompt = ''] = name.split(BETWEEN);
    return <PromptPage key={name} language={language} name={prompt} />;
  }
  return <List language={name} />;
}

function List({ language: wanted }: { language: string | null }) {
  const { t } = useTranslation();
  const edits = useMay('prompts.edit');
  const languages = useQuery(promptLanguagesQuery());
  const [chosen, setChosen] = useState(wanted);
  const language = chosen ?? languages.data?.find((one) => one !== MUSIC) ?? languages.data?.[0] ?? MUSIC;
  const query = useQuery(promptsQuery(language));
  const [text, setText] = useState('');
  const [adding, setAdding] = useState<'file' | 'record' | null>(null);
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => search.current?.focus()]]);
  const prompts = query.data ?? [];
  const found = prompts.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()));
  const options = [...new Set([...(languages.data ?? []), MUSIC, language])];
  return (
    <Panel
      title={t('admin.page.prompts')}
      count={prompts.length}
      aside={
        edits && (
          <>
            <Button
              variant="default"
              leftSection={<IconMicrophone size={15} aria-hidden />}
              onClick={() => setAdding('record')}
            >
              {t('admin_prompt.record')}
            </Button>
            <Button leftSection={<IconUpload size={15} aria-hidden />} onClick={() => setAdding('file')}>
              {t('admin_prompt.upload')}
            </Button>
          </>
        )
      }
    >
      <div className={css.search}>
        <NativeSelect
          aria-label={t('admin_prompt.language')}
          value={language}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={options.map((value) => ({ value, label: folderName(t('admin_prompt.music'), value) }))}
        />
        <TextInput
          ref={search}
          className={css.text}
          aria-label={t('admin_form.search')}
          placeholder={t('admin_form.search')}
          title={t('admin_form.search_key')}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {query.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && prompts.length === 0 && <Nothing>{t('admin_prompt.none')}</Nothing>}
      {prompts.length > 0 && found.length === 0 && <Nothing>{t('admin_form.nothing_found')}</Nothing>}
      {found.length > 0 && <Table prompts={found} />}
      {adding !== null && <Upload language={language} by={adding} close={() => setAdding(null)} />}
    </Panel>
  );
}

export function folderName(music: string, folder: string): string {
  return folder === MUSIC ? music : `${languageName(folder)} (${folder})`;
}

function Table({ prompts }: { prompts: readonly Prompt[] }) {
  const { t } = useTranslation();
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState<string | null>(null);
  const toggle = (prompt: Prompt) => {
    const player = audio.current;
    if (!player) return;
    if (playing === prompt.name) {
      player.pause();
      setPlaying(null);
      return;
    }
    player.src = `/api/v1/prompts/${prompt.language}/${prompt.name}`;
    setPlaying(prompt.name);
    player.play().catch(() => setPlaying(null));
  };
  return (
    <div className={grid.scroll}>
      {/* biome-ignore lint/a11y/useMediaCaption: what is said stands in the flow. */}
      <audio ref={audio} onEnded={() => setPlaying(null)} />
      <table className={grid.grid}>
        <thead>
          <tr>
            <th>{t('admin_prompt.name')}</th>
            <th>{t('admin_prompt.listen')}</th>
            <th className={grid.right}>{t('admin_prompt.length')}</th>
            <th className={grid.right}>{t('admin_prompt.size')}</th>
            <th>{t('admin_prompt.changed')}</th>
          </tr>
        </thead>
        <tbody>
          {prompts.map((prompt) => (
            <tr key={prompt.name}>
              <td>
                <Link
                  to="/admin/$page/$name"
                  params={{ page: 'prompts', name: `${prompt.language}${BETWEEN}${prompt.name}` }}
                  className={grid.link}
                  data-entry
                >
                  {prompt.name}
                </Link>
              </td>
              <td>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={`${t(playing === prompt.name ? 'admin_prompt.stop' : 'admin_prompt.play')}: ${prompt.name}`}
                  onClick={() => toggle(prompt)}
                >
                  {t(playing === prompt.name ? 'admin_prompt.stop' : 'admin_prompt.play')}
                </Button>
              </td>
              <td className={`num ${grid.right}`}>
                {prompt.duration_ms === null ? t('admin_prompt.unreadable') : short(prompt.duration_ms)}
              </td>
              <td className={`num ${grid.right}`}>
                {t('admin_prompt.kilobytes', { count: Math.ceil(prompt.bytes / 1000) })}
              </td>
              <td>{dayAndTime(prompt.changed_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
