// Beside my name while a call that rings at a colleague is dragged: dropped here, it rings at my phone.

import { useTranslation } from 'react-i18next';
import { act } from '../api/softphone';
import { problemText } from '../ui/Failure';
import css from './AgentBar.module.css';
import { dropZone, useDragged } from './dragging';
import { useAct } from './useAct';

export function PickUpZone() {
  const { t } = useTranslation();
  const dragged = useDragged();
  const acting = useAct();
  if (dragged?.whose === 'colleague') {
    const pickUp = () => acting.run(() => act(dragged.call, 'pickup'));
    return (
      <span className={css.zone} data-drop="pickup" {...dropZone(pickUp)}>
        {t('reach.pick_up')}
      </span>
    );
  }
  if (acting.error === null) return null;
  return (
    <span className={css.error} role="alert">
      {problemText(t, acting.error)}
    </span>
  );
}
