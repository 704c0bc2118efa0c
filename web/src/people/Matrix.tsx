// What a role or a token may: a row for each permission, a column for each scope.

import { useQuery } from '@tanstack/react-query';
import { Fragment, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { permissionsQuery } from '../api/people';
import type { FieldProblem, Permission } from '../api/types';
import { currentLanguage } from '../texts';
import { word } from '../texts/format';
import { Failure } from '../ui/Failure';
import { covers, type Grants, grouped, SCOPES } from './matrix';
import css from './People.module.css';

interface Props {
  grants: Readonly<Grants>;
  change(grants: Grants): void;
  /** What was there before: what differs is marked. */
  before: Readonly<Grants>;
  /** Nobody gives more than this. */
  held: Readonly<Grants>;
  readOnly: boolean;
  problems: readonly FieldProblem[];
}

const NONE = 'none';

export function Matrix({ grants, change, before, held, readOnly, problems }: Props) {
  const { t } = useTranslation();
  const known = useQuery(permissionsQuery);
  if (known.isError) return <Failure error={known.error} retry={() => void known.refetch()} />;
  const put = (permission: string, scope: string) => {
    const { [permission]: _, ...others } = grants;
    change(scope === NONE ? others : { ...others, [permission]: scope });
  };
  return (
    <table className={css.matrix}>
      <thead>
        <tr>
          <th>{t('people.permission')}</th>
          {[NONE, ...SCOPES].map((scope) => (
            <th key={scope} className={css.choice}>
              {word(t, 'people.scope', scope)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {grouped(known.data ?? []).map(([group, permissions]) => (
          <Fragment key={group}>
            <tr>
              <th colSpan={5} scope="rowgroup">
                {word(t, 'people.group', group)}
              </th>
            </tr>
            {permissions.map((one) => (
              <Row
                key={one.permission}
                one={one}
                scope={grants[one.permission] ?? NONE}
                changed={grants[one.permission] !== before[one.permission]}
                put={put}
                held={held}
                readOnly={readOnly}
                problem={problems.find(({ field }) => field === `permissions.${one.permission}`)?.problem}
              />
            ))}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  one: Permission;
  scope: string;
  changed: boolean;
  put(permission: string, scope: string): void;
  held: Readonly<Grants>;
  readOnly: boolean;
  problem: string | undefined;
}

function Row({ one, scope, changed, put, held, readOnly, problem }: RowProps) {
  const { t } = useTranslation();
  const id = useId();
  const meaning = currentLanguage() === 'zh-CN' ? one.zh : one.en;
  return (
    <tr className={changed ? css.changed : undefined}>
      <td>
        {meaning} <span className={css.word}>{one.permission}</span>
        {problem !== undefined && <div className={css.error}>{problem}</div>}
      </td>
      {[NONE, ...SCOPES].map((choice) => (
        <td key={choice} className={css.choice}>
          {(choice === NONE || choice === 'all' || one.scoped) && (
            <input
              type="radio"
              name={id}
              aria-label={`${meaning}: ${word(t, 'people.scope', choice)}`}
              checked={scope === choice}
              disabled={readOnly || (choice !== NONE && !covers(held, one.permission, choice))}
              onChange={() => put(one.permission, choice)}
            />
          )}
        </td>
      ))}
    </tr>
  );
}
