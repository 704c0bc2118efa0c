// One prompt: heard, replaced, taken away, and where it is played.

import { Button, Loader, Modal } from '@mantine/core';
import { IconArrowLeft, IconMicrophone, IconTrash, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { promptsQuery, promptUrl, promptUsesQuery, removePrompt } from '../api/prompts';
import { useMay } from '../app/session';
import { dayAndTime, short } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Failure } from '../ui/Failure';
import { Nothing, Panel } from '../ui/Panel';
import change from './Change.module.css';
import css from './Form.module.css';
import { Places } from './Problems';
import { folderName } from './Prompts';
import { Upload } from './Upload';

export function PromptPage({ language, name }: { language: string; name: string }) {
  const { t } = useTranslation();
  const edits = useMay('prompts.edit');
  const query = useQuery(promptsQuery(language));
  const uses = useQuery({ ...promptUsesQuery(language, name), staleTime: 0 });
  const [by, setBy] = useState<'file' | 'record' | null>(null);
  const [removing, setRemoving] = useState(false);
  if (query.isPending) return <Loader size="sm" aria-label={t('app.loading')} />;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const prompt = query.data.find((one) => one.name === name);
  if (!prompt) return <Nothing>{t('problem.not_found')}</Nothing>;
  return (
    <>
      <header className={css.head}>
        <Link
          to="/admin/$page/$name"
          params={{ page: 'prompts', name: language }}
          className={css.back}
          aria-label={t('admin_form.back')}
        >
          <IconArrowLeft size={18} aria-hidden />
        </Link>
        <h1>{name}</h1>
        <span className={change.dim}>{folderName(t('admin_prompt.music'), language)}</span>
        {edits && (
          <div className={css.acts}>
            <Button
              variant="subtle"
              color="red"
              leftSection={<IconTrash size={15} aria-hidden />}
              onClick={() => setRemoving(true)}
            >
              {t('admin_form.delete')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconMicrophone size={15} aria-hidden />}
              onClick={() => setBy('record')}
            >
              {t('admin_prompt.record_again')}
            </Button>
            <Button leftSection={<IconUpload size={15} aria-hidden />} onClick={() => setBy('file')}>
              {t('admin_prompt.replace')}
            </Button>
          </div>
        )}
      </header>
      <Panel title={t('admin_prompt.listen')}>
        <div className={css.section}>
          {/* biome-ignore lint/a11y/useMediaCaption: what is said stands in the flow. */}
          <audio
            key={prompt.etag}
            controls
            preload="metadata"
            src={promptUrl(language, name)}
            aria-label={name}
          />
          <p className={change.dim}>
            {prompt.duration_ms === null ? t('admin_prompt.unreadable') : short(prompt.duration_ms)}
            {` · ${t('admin_prompt.kilobytes', { count: Math.ceil(prompt.bytes / 1000) })} · ${dayAndTime(prompt.changed_at)}`}
          </p>
        </div>
      </Panel>
      <Panel title={t('admin_prompt.used')} count={uses.data?.length}>
        {uses.isError && <Failure error={uses.error} />}
        {uses.data?.length === 0 && <Nothing>{t('admin_prompt.unused')}</Nothing>}
        {uses.data !== undefined && uses.data.length > 0 && (
          <div className={css.section}>
            <Places mistakes={uses.data} uses />
          </div>
        )}
      </Panel>
      {by !== null && (
        <Upload
          language={language}
          by={by}
          replaces={{ name, etag: prompt.etag }}
          close={() => setBy(null)}
        />
      )}
      {removing && <Remove language={language} name={name} close={() => setRemoving(false)} />}
    </>
  );
}

function Remove({ language, name, close }: { language: string; name: string; close(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const uses = useQuery({ ...promptUsesQuery(language, name), staleTime: 0 });
  const remove = useMutation({
    mutationFn: () => removePrompt(language, name),
    onSuccess: async () => {
      await navigate({ to: '/admin/$page/$name', params: { page: 'prompts', name: language } });
      await queries.invalidateQueries({ queryKey: ['prompts'] });
    },
  });
  const places = remove.error instanceof Problem ? remove.error.mistakes : (uses.data ?? []);
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={t('admin_form.delete_title', { name })}
      closeButtonProps={{ 'aria-label': t('admin_change.close') }}
    >
      <div className={change.change}>
        {places.length > 0 ? (
          <div className={change.wrong}>
            <strong>{t('admin_change.needed_by')}</strong>
            <Places mistakes={places} uses />
          </div>
        ) : (
          <p className={change.dim}>{t('admin_prompt.removal')}</p>
        )}
        {remove.isError && places.length === 0 && <Failure error={remove.error} />}
        <div className={change.buttons}>
          <Button variant="default" onClick={close}>
            {t('admin_prompt.cancel')}
          </Button>
          <AskingButton
            color="red.9"
            disabled={!uses.isSuccess || places.length > 0}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            {t('admin_change.delete')}
          </AskingButton>
        </div>
      </div>
    </Modal>
  );
}
