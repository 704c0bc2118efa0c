// Whether the call is being dragged, so that those it can be dropped on show it.

import { useSyncExternalStore } from 'react';

/** Tells our call from other things that are dragged. */
const TYPE = 'application/x-hotline-call';

let dragged = false;
const listeners = new Set<() => void>();

function set(now: boolean): void {
  dragged = now;
  for (const listener of listeners) listener();
}

export function useIsDragging(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => dragged,
  );
}

/** For what stands for the call. */
export function handle(call: string) {
  return {
    draggable: true,
    onDragStart: (event: React.DragEvent) => {
      event.dataTransfer.setData(TYPE, call);
      event.dataTransfer.effectAllowed = 'move';
      // The browser must have its picture of what is dragged before the page changes.
      setTimeout(() => set(true));
    },
    onDragEnd: () => set(false),
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
      set(false);
      drop();
    },
  };
}
