// What is done with a user beside changing it. Each says first what it touches.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  deleteUser,
  removeSecondFactor,
  resetPassword,
  sessionsOfQuery,
  signOutUser,
  unlockUser,
} from '../api/people';
import type { User } from '../api/types';
import { dayAndTime } from '../texts/format';
import { Panel } from '../ui/Panel';
import css from './People.module.css';
import { Act, Secret } from './Sure';

export function UserActs({ user, tag }: { user: User; tag: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const open = useQuery(sessionsOfQuery(user.name)).data?.sessions ?? [];
  const tokens = open.filter(({ kind }) => kind === 'token').length;
  const counts = { sessions: open.length - tokens, tokens };
  const [password, setPassword] = useState<string | null>(null);
  const { name } = user;
  const fresh = () => void queries.invalidateQueries({ queryKey: ['users'] });
  return (
    <Panel title={t('people.acts')}>
      <ul className={css.acts}>
        <Act
          act={t('people.reset_password')}
          touches={t('people.reset_password_touches', counts)}
          harms
          run={async () => {
            setPassword((await resetPassword(name)).password);
            fresh();
          }}
        >
          {password !== null && <Secret label={t('people.first_password', { name })} text={password} />}
        </Act>
        {user.second_factor && (
          <Act
            act={t('people.remove_factor')}
            touches={t('people.remove_factor_touches')}
            harms
            run={() => removeSecondFactor(name).then(fresh)}
          />
        )}
        {user.locked_until !== null && (
          <Act
            act={t('people.unlock')}
            touches={t('people.unlock_touches', { time: dayAndTime(user.locked_until) })}
            run={() => unlockUser(name).then(fresh)}
          />
        )}
        <Act
          act={t('people.sign_out')}
          touches={t('people.sign_out_touches', counts)}
          harms
          run={() => signOutUser(name).then(fresh)}
        />
        <Act
          act={t('people.delete_user')}
          touches={t('people.delete_user_touches', counts)}
          harms
          run={async () => {
            await deleteUser(name, tag);
            void navigate({ to: '/admin/$page', params: { page: 'users' } });
            fresh();
          }}
        />
      </ul>
    </Panel>
  );
}
