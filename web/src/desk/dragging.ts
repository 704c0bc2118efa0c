// Which call is being dragged, so that all it can be dropped on shows it.

import { useSyncExternalStore } from 'react';

/** Tells our call from other things that are dragged. */
const TYPE = 'application/x-hotline-call';

export interface Dragged {
  call: string;
  /** My own, or one that rings at a colleague. */
  whose: 'mine' | 'colleague';
}

let dragged: Dragged | null = null;
const listeners = new Set<() => void>();

function set(now: Dragged | null): void {
  dragged = now;
  for (const listener of listeners) listener();
}

export function useDragged(): Dragged | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => dragged,
  );
}

/** For what stands for the call. */
export function handle(call: string, whose: Dragged['whose'] = 'mine') {
  return {
    draggable: true,
    onDragStart: (event: React.DragEvent) => {
      event.dataTransfer.setData(TYPE, call);
      event.dataTransfer.effectAllowed = 'move';
      // The browser must have its picture of what is dragged before the page changes.
      setTimeout(() => set({ call, whose }));
    },
    onDragEnd: () => set(null),
  };
}

/** For what the call can be dropped on. */
export function dropZone(drop: () => void) {
  return {
    onDragOver: (event: React.DragEvent) => {
      if (event.dataTransfer.types.includes(TYPE)) event.preventDefault();
    },
    onDrop: (event: React.DragEvent) => {
      event.preventDefault();
      set(null);
      drop();
    },
  };
}
