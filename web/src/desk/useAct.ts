// Asks for something about a call, one at a time, and says what stood in the way.

import { useMutation } from '@tanstack/react-query';
import { useLive } from '../live/store';

/** `run` does nothing while the connection is lost or the last wish is under way. */
export function useAct() {
  const connected = useLive((view) => view.connection === 'live');
  const mutation = useMutation({ mutationFn: (wish: () => Promise<void>) => wish() });
  const able = connected && !mutation.isPending;
  return {
    able,
    error: mutation.error,
    forget: mutation.reset,
    run: (wish: () => Promise<void>) => {
      if (able) mutation.mutate(wish);
    },
  };
}
