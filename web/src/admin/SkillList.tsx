// The skills: their names, new ones, and those that go.

import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import change from './Change.module.css';
import css from './Form.module.css';

const ID = /^[A-Za-z0-9_-]{1,64}$/;

interface Props {
  skills: readonly { id: string; name: string }[];
  close(): void;
  name(id: string, name: string): void;
  remove(id: string): void;
}

export function SkillList({ skills, close, name, remove }: Props) {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const [called, setCalled] = useState('');
  const taken = skills.some((skill) => skill.id === id);
  const bad = id !== '' && !ID.test(id);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (id === '' || bad || taken) return;
    name(id, called.trim() || id);
    setId('');
    setCalled('');
  };
  return (
    <Modal
      opened
      onClose={close}
      title={t('admin_agent.skills')}
      closeButtonProps={{ 'aria-label': t('admin_change.close') }}
    >
      <div className={change.change}>
        {skills.length > 0 && (
          <table className={css.rows}>
            <thead>
              <tr>
                <th>{t('admin_agent.skill_id')}</th>
                <th>{t('admin_agent.skill_name')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {skills.map((skill) => (
                <tr key={skill.id}>
                  <td>
                    <code>{skill.id}</code>
                  </td>
                  <td>
                    <TextInput
                      aria-label={t('admin_agent.name_of', { skill: skill.id })}
                      value={skill.name}
                      onChange={(event) => name(skill.id, event.currentTarget.value)}
                    />
                  </td>
                  <td>
                    <ActionIcon
                      variant="subtle"
                      color="red"
                      aria-label={t('admin_form.without', { name: skill.name })}
                      onClick={() => remove(skill.id)}
                    >
                      <IconTrash size={14} aria-hidden />
                    </ActionIcon>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <form className={css.row} onSubmit={add}>
          <TextInput
            label={t('admin_agent.skill_id')}
            autoComplete="off"
            data-autofocus
            value={id}
            error={bad ? t('disposition_word.code_bad') : taken ? t('admin_form.taken') : null}
            onChange={(event) => setId(event.currentTarget.value.trim())}
          />
          <TextInput
            label={t('admin_agent.skill_name')}
            autoComplete="off"
            value={called}
            onChange={(event) => setCalled(event.currentTarget.value)}
          />
          <Button type="submit" disabled={id === '' || bad || taken}>
            {t('admin_agent.add_skill')}
          </Button>
        </form>
        <p className={change.dim}>{t('admin_agent.skills_hint')}</p>
        <div className={change.buttons}>
          <Button variant="default" onClick={close}>
            {t('admin_change.close')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
