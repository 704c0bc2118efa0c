// Skills with their levels: what an agent knows, what a step asks for.

import { CloseButton, NativeSelect, NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import css from './Form.module.css';

interface Props {
  label: string;
  value: Record<string, unknown>;
  skills: readonly { id: string; name: string }[];
  /** The highest level. */
  max: number;
  disabled: boolean;
  change(value: Record<string, number> | undefined): void;
}

export function Levels({ label, value, skills, max, disabled, change }: Props) {
  const { t } = useTranslation();
  const had = Object.entries(value).map(([skill, level]) => [skill, Number(level)] as const);
  const left = skills.filter(({ id }) => !(id in value));
  if (had.length === 0 && left.length === 0) return null;
  const set = (entries: readonly (readonly [string, number])[]) =>
    change(entries.length === 0 ? undefined : Object.fromEntries(entries));
  return (
    <fieldset className={css.levels}>
      <legend>{label}</legend>
      {had.map(([skill, level]) => {
        const name = skills.find(({ id }) => id === skill)?.name ?? skill;
        return (
          <span key={skill} className={css.level}>
            {name}
            <NumberInput
              size="xs"
              w={56}
              min={1}
              max={max}
              hideControls
              allowDecimal={false}
              disabled={disabled}
              aria-label={t('admin_form.level_of', { skill: name })}
              value={level}
              onChange={(next) =>
                set(had.map((one) => (one[0] === skill && typeof next === 'number' ? [skill, next] : one)))
              }
            />
            {!disabled && (
              <CloseButton
                size="sm"
                aria-label={t('admin_form.without', { name })}
                onClick={() => set(had.filter(([one]) => one !== skill))}
              />
            )}
          </span>
        );
      })}
      {!disabled && left.length > 0 && (
        <NativeSelect
          aria-label={t('admin_form.add_to', { name: label })}
          value=""
          onChange={(event) => set([...had, [event.currentTarget.value, 1]])}
          data={[
            { value: '', label: t('admin_form.add_skill'), disabled: true },
            ...left.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      )}
    </fieldset>
  );
}
