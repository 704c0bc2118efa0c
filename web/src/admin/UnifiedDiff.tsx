// What differs between two texts, in the unified form that the server makes.

import { useTranslation } from 'react-i18next';
import css from './Change.module.css';

const HEAD = /^(---|\+\+\+) /;

export function UnifiedDiff({ diff }: { diff: string }) {
  const { t } = useTranslation();
  const lines = diff.split('\n').filter((line) => line !== '' && !HEAD.test(line));
  if (lines.length === 0) return <p className={css.dim}>{t('admin_change.nothing')}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <section className={css.diff} tabIndex={0} aria-label={t('admin_change.diff')}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are not moved.
        <span key={index} data-kind={kindOf(line)}>
          {kindOf(line) === 'place' ? t('admin_change.place', { line: lineOf(line) }) : line}
          {'\n'}
        </span>
      ))}
    </section>
  );
}

function kindOf(line: string): 'more' | 'less' | 'place' | undefined {
  if (line.startsWith('@@')) return 'place';
  if (line.startsWith('+')) return 'more';
  return line.startsWith('-') ? 'less' : undefined;
}

/** Where a piece begins in the new text. */
function lineOf(place: string): string {
  return /\+(\d+)/.exec(place)?.[1] ?? '';
}
