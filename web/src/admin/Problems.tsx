// What is wrong, as lists: fields that are not on the page, and places in files.

import { useTranslation } from 'react-i18next';
import type { FieldProblem, FlowMistake } from '../api/types';
import css from './Change.module.css';
import { plain } from './plain';

export function FieldProblems({ errors }: { errors: readonly FieldProblem[] }) {
  const { t } = useTranslation();
  if (errors.length === 0) return null;
  return (
    <ul className={css.problems} role="alert">
      {errors.map(({ field, problem }) => (
        <li key={`${field}:${problem}`}>
          {field !== '' && <code>{field}</code>} {plain(t, problem)}
        </li>
      ))}
    </ul>
  );
}

/** What the server says at the end about a prompt that is to be there. */
const MISSING = /, missing in `[^`]*`$/;

interface PlacesProps {
  mistakes: readonly FlowMistake[];
  /** They are places where something is used; nothing is wrong with them. */
  uses?: boolean;
}

/** Mistakes of flows: those of the center's file are told by field. */
export function Places({ mistakes, uses = false }: PlacesProps) {
  const { t } = useTranslation();
  if (mistakes.length === 0) return null;
  return (
    <ul className={css.problems}>
      {mistakes.map(({ file, line, column, problem, remedy }) => (
        <li key={`${file}:${line}:${column}:${problem}`}>
          <code>{t('admin_change.file_place', { file: file.split('/').at(-1) ?? file, line })}</code>{' '}
          {plain(t, uses ? problem.replace(MISSING, '') : problem)}
          {!uses && <span className={css.dim}> {remedy}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Without those that the errors by field tell already. */
export function inFlows(mistakes: readonly FlowMistake[], errors: readonly FieldProblem[]): FlowMistake[] {
  return mistakes.filter(
    ({ severity, problem }) =>
      severity === 'error' && !errors.some((error) => error.problem.startsWith(problem)),
  );
}
