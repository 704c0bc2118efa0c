// What callers left for me and my queues, newest first.

import { ActionIcon } from '@mantine/core';
import {
  IconMail,
  IconMailOpened,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconTrash,
  IconTrashFilled,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteMessage, markMessage, messagesQuery, messageUrl } from '../api/messages';
import type { Message } from '../api/types';
import { QueueName } from '../calls/CallTable';
import { useConnected } from '../live/store';
import { clock, dayAndTime } from '../texts/format';
import { Failure } from '../ui/Failure';
import grid from '../ui/Grid.module.css';
import { Panel } from '../ui/Panel';
import { Tag } from '../ui/Tag';
import css from './Desk.module.css';

const SHOWN = 25;

export function Messages({ agent }: { agent: string }) {
  const { t } = useTranslation();
  const query = useQuery(messagesQuery(SHOWN));
  const [playing, setPlaying] = useState<string | null>(null);
  const messages = query.data?.messages ?? [];
  if (messages.length === 0 && !query.isError) return null;
  return (
    <Panel title={t('messages.title')} count={query.data?.unheard}>
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {messages.length > 0 && (
        <div className={grid.scroll}>
          <table className={grid.grid}>
            <thead>
              <tr>
                <th>{t('call.time')}</th>
                <th>{t('call.caller')}</th>
                <th>{t('messages.for')}</th>
                <th className={grid.right}>{t('messages.length')}</th>
                <th>{t('messages.state')}</th>
                <th>
                  <span className={css.hidden}>{t('messages.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {messages.map((message) => (
                <Fragment key={message.id}>
                  <Row
                    message={message}
                    agent={agent}
                    playing={playing === message.id}
                    play={() => setPlaying(playing === message.id ? null : message.id)}
                  />
                  {playing === message.id && <Sound message={message} />}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

interface RowProps {
  message: Message;
  agent: string;
  playing: boolean;
  play(): void;
}

function Row({ message, agent, playing, play }: RowProps) {
  const { t } = useTranslation();
  const fresh = useFreshMessages();
  const connected = useConnected();
  const isNew = message.heard_at === null;
  const mark = useMutation({ mutationFn: () => markMessage(message.id, isNew), onSettled: fresh });
  const MarkIcon = isNew ? IconMailOpened : IconMail;
  const markLabel = t(isNew ? 'messages.mark_heard' : 'messages.mark_new');
  return (
    <tr>
      <td className="num">{dayAndTime(message.started_at)}</td>
      <td className={`num ${grid.clip}`}>{message.caller || t('pop.anonymous')}</td>
      <td className={grid.clip}>
        {message.mailbox === null || message.mailbox === agent ? (
          t('messages.me')
        ) : (
          <QueueName id={message.mailbox} />
        )}
      </td>
      <td className={`num ${grid.right}`}>{clock(message.duration_ms)}</td>
      <td>
        <Tag tone={isNew ? 'ringing' : 'none'}>{t(isNew ? 'messages.new' : 'messages.heard')}</Tag>
      </td>
      <td className={grid.right}>
        <ActionIcon
          variant="subtle"
          size="sm"
          aria-label={t('messages.play')}
          aria-expanded={playing}
          title={t('messages.play')}
          onClick={play}
        >
          {playing ? <IconPlayerStopFilled size={15} /> : <IconPlayerPlayFilled size={15} />}
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={markLabel}
          title={markLabel}
          loading={mark.isPending}
          disabled={!connected}
          onClick={() => mark.mutate()}
        >
          <MarkIcon size={15} />
        </ActionIcon>
        <DeleteButton id={message.id} />
      </td>
    </tr>
  );
}

/** The first press asks, the second deletes. */
function DeleteButton({ id }: { id: string }) {
  const { t } = useTranslation();
  const fresh = useFreshMessages();
  const connected = useConnected();
  const [asked, setAsked] = useState(false);
  const remove = useMutation({ mutationFn: () => deleteMessage(id), onSettled: fresh });
  const label = t(asked ? 'messages.delete_sure' : 'messages.delete');
  return (
    <ActionIcon
      variant={asked ? 'filled' : 'subtle'}
      color={asked ? 'red' : 'gray'}
      size="sm"
      aria-label={label}
      title={label}
      loading={remove.isPending}
      disabled={!connected}
      onBlur={() => setAsked(false)}
      onClick={() => (asked ? remove.mutate() : setAsked(true))}
    >
      {asked ? <IconTrashFilled size={15} /> : <IconTrash size={15} />}
    </ActionIcon>
  );
}

/** Whoever listens has heard it: the server says so once it gave the sound. */
function Sound({ message }: { message: Message }) {
  const { t } = useTranslation();
  const fresh = useFreshMessages();
  return (
    <tr>
      <td colSpan={6}>
        {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
        <audio
          className={css.sound}
          controls
          autoPlay
          src={messageUrl(message.id)}
          aria-label={t('messages.sound', { who: message.caller || t('pop.anonymous') })}
          onPlaying={fresh}
        />
      </td>
    </tr>
  );
}

function useFreshMessages(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ['messages'] });
}
