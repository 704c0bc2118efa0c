// A new prompt, or another sound for one that is there: by a file, or by the microphone.

import { Button, FileInput, Modal, Progress, TextInput } from '@mantine/core';
import { IconMicrophone, IconPlayerStop } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/http';
import { uploadPrompt } from '../api/prompts';
import { clock } from '../texts/format';
import { AskingButton } from '../ui/AskingButton';
import { Clock } from '../ui/Clock';
import { Failure } from '../ui/Failure';
import change from './Change.module.css';
import css from './Form.module.css';
import { play, type Take, useRecorder } from './useRecorder';
import { decoded, mixed, RATE, typeTaken, wavOf } from './wav';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** What the server takes and what browsers decode. */
const ACCEPTED = 'audio/*,.wav,.mp3,.ogg,.m4a,.flac,.webm,.opus';
const BYTES_MAX = 110_000_000;

interface Props {
  language: string;
  by: 'file' | 'record';
  /** The prompt that gets another sound; its name stays. */
  replaces?: { name: string; etag: string };
  close(): void;
}

/** What the browser cannot decode either. */
class NoSound extends Error {}

export function Upload({ language, by, replaces, close }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [folder, setFolder] = useState(language);
  const [name, setName] = useState(replaces?.name ?? '');
  const [file, setFile] = useState<File | null>(null);
  const [take, setTake] = useState<Take | null>(null);
  const [part, setPart] = useState(0);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const upload = useMutation({
    mutationFn: async () => {
      const sound = await soundOf(file, take);
      await uploadPrompt({
        language: folder,
        name,
        sound,
        etag: replaces?.etag ?? null,
        progress: setPart,
        signal: stop.current.signal,
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['prompts'] });
      close();
    },
  });
  const badName = name !== '' && !NAME.test(name);
  const large = file !== null && file.size > BYTES_MAX;
  const can = name !== '' && !badName && !large && (by === 'file' ? file !== null : take !== null);
  const refused = upload.error instanceof Problem ? upload.error : null;
  const soundProblem = refused?.fields.find(({ field }) => field === 'sound')?.problem;
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={
        replaces ? t('admin_prompt.replace_title', { name: replaces.name }) : t('admin_prompt.add_title')
      }
      closeButtonProps={{ 'aria-label': t('admin_change.close') }}
    >
      <form
        className={change.change}
        onSubmit={(event) => {
          event.preventDefault();
          if (can) upload.mutate();
        }}
      >
        {!replaces && (
          <div className={css.fields}>
            <TextInput
              label={t('admin_prompt.language')}
              description={t('admin_prompt.language_hint')}
              value={folder}
              error={refused?.fields.find(({ field }) => field === 'language')?.problem ?? null}
              onChange={(event) => setFolder(event.currentTarget.value.trim())}
            />
            <TextInput
              label={t('admin_prompt.name')}
              description={t('admin_prompt.name_hint')}
              data-autofocus
              autoComplete="off"
              value={name}
              error={
                badName
                  ? t('disposition_word.code_bad')
                  : refused?.status === 412
                    ? t('admin_prompt.taken')
                    : (refused?.fields.find(({ field }) => field === 'name')?.problem ?? null)
              }
              onChange={(event) => setName(event.currentTarget.value.trim())}
            />
          </div>
        )}
        {by === 'file' ? (
          <FileInput
            size="xs"
            label={t('admin_prompt.file')}
            description={t('admin_prompt.file_hint')}
            placeholder={t('admin_prompt.choose')}
            accept={ACCEPTED}
            clearable
            clearButtonProps={{ 'aria-label': t('admin_prompt.another') }}
            value={file}
            error={
              large
                ? t('admin_prompt.large')
                : soundProblem
                  ? t('admin_prompt.refused', { why: soundProblem })
                  : null
            }
            onChange={(next) => {
              setFile(next);
              if (next && name === '') setName(nameOf(next.name));
            }}
          />
        ) : (
          <Recorder take={take} taken={setTake} />
        )}
        {upload.isPending && (
          <div role="status">
            <Progress value={part * 100} aria-label={t('admin_prompt.progress')} />
            <p className={change.dim}>
              {part < 1
                ? t('admin_prompt.sending', { percent: Math.round(part * 100) })
                : t('admin_prompt.converting')}
            </p>
          </div>
        )}
        {replaces && refused?.status === 412 ? (
          <p className={css.error} role="alert">
            {t('admin_prompt.raced')}
          </p>
        ) : upload.error instanceof NoSound ? (
          <p className={css.error} role="alert">
            {t('admin_prompt.no_sound')}
          </p>
        ) : (
          upload.isError &&
          refused?.fields.length === 0 &&
          refused.status !== 412 && <Failure error={upload.error} />
        )}
        <div className={change.buttons}>
          <Button variant="default" onClick={close}>
            {t('admin_prompt.cancel')}
          </Button>
          <AskingButton type="submit" disabled={!can} loading={upload.isPending}>
            {t('admin_prompt.save')}
          </AskingButton>
        </div>
      </form>
    </Modal>
  );
}

/** As the server takes it: what it does not read itself is decoded here. */
async function soundOf(file: File | null, take: Take | null): Promise<Blob> {
  if (take) return wavOf(take.samples, take.rate);
  if (!file) throw new NoSound();
  const type = typeTaken(file.name);
  // Opus lies in OGG, too, and is not read by the server.
  if (type !== null && type !== 'audio/ogg') return new Blob([file], { type });
  try {
    return wavOf(mixed(await decoded(file)), RATE);
  } catch {
    if (type !== null) return new Blob([file], { type });
    throw new NoSound();
  }
}

/** `Welcome (new).mp3` as a name: `Welcome_new`. */
function nameOf(file: string): string {
  return file
    .replace(/\.[^.]*$/, '')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 64);
}

function Recorder({ take, taken }: { take: Take | null; taken(take: Take | null): void }) {
  const { t } = useTranslation();
  const recorder = useRecorder();
  const [halt, setHalt] = useState<(() => void) | null>(null);
  useEffect(() => taken(recorder.take), [recorder.take, taken]);
  useEffect(() => () => halt?.(), [halt]);
  return (
    <div>
      {recorder.problem !== null && (
        <p className={css.stale} role="alert">
          {t(`admin_record.${recorder.problem}`)}
        </p>
      )}
      <div className={css.row}>
        {recorder.since === null ? (
          <Button
            color="red.9"
            leftSection={<IconMicrophone size={15} aria-hidden />}
            disabled={recorder.problem === 'insecure' || recorder.problem === 'unsupported'}
            onClick={() => void recorder.start()}
          >
            {t(take ? 'admin_record.again' : 'admin_record.start')}
          </Button>
        ) : (
          <>
            <Button leftSection={<IconPlayerStop size={15} aria-hidden />} onClick={recorder.stop}>
              {t('admin_record.stop')}
            </Button>
            <span role="status">
              {t('admin_record.running')} <Clock since={new Date(recorder.since).toISOString()} />
            </span>
          </>
        )}
        {take && recorder.since === null && (
          <>
            <Button
              variant="default"
              onClick={() => {
                if (halt) {
                  halt();
                  setHalt(null);
                } else setHalt(() => play(take, () => setHalt(null)));
              }}
            >
              {t(halt ? 'admin_prompt.stop' : 'admin_prompt.play')}
            </Button>
            <span className="num">{clock((take.samples.length / take.rate) * 1000)}</span>
          </>
        )}
      </div>
      <p className={change.dim}>{t('admin_record.hint')}</p>
    </div>
  );
}
