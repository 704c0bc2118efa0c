// Where the steps of a flow stand in its picture: each below those that lead to it. Pure.

import type { FlowGraph } from '../api/types';

export interface Spot {
  x: number;
  y: number;
}

export const NODE_WIDTH = 160;
export const NODE_HEIGHT = 50;
const GAP_X = 22;
const GAP_Y = 84;

/** Layers by the shortest way from the start; within a layer by where those stand that lead there. */
export function layout({ start, nodes, edges }: FlowGraph): Map<string, Spot> {
  const names = nodes.map(({ step }) => step);
  const known = new Set(names);
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if (known.has(to)) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const depth = new Map<string, number>();
  const queue = known.has(start) ? [start] : [];
  if (queue.length > 0) depth.set(start, 0);
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    for (const to of next.get(step) ?? []) {
      if (depth.has(to)) continue;
      depth.set(to, (depth.get(step) ?? 0) + 1);
      queue.push(to);
    }
  }
  // What nothing leads to stands at the end, where it is seen.
  const last = Math.max(-1, ...depth.values()) + 1;
  for (const name of names) if (!depth.has(name)) depth.set(name, last);

  const layers: string[][] = [];
  for (const name of names) {
    const layer = depth.get(name) ?? 0;
    layers[layer] = [...(layers[layer] ?? []), name];
  }
  return place(layers.filter(Boolean), edges);
}

function place(layers: string[][], edges: FlowGraph['edges']): Map<string, Spot> {
  const spots = new Map<string, Spot>();
  layers.forEach((layer, row) => {
    const centre = (step: string) => {
      const above = edges
        .filter(({ to, from }) => to === step && spots.has(from))
        .map(({ from }) => spots.get(from)?.x ?? 0);
      return above.length > 0 ? above.reduce((sum, x) => sum + x, 0) / above.length : 0;
    };
    const sorted = layer
      .map((step) => ({ step, centre: centre(step) }))
      .sort((one, other) => one.centre - other.centre);
    const width = layer.length * (NODE_WIDTH + GAP_X) - GAP_X;
    sorted.forEach(({ step }, index) => {
      spots.set(step, { x: index * (NODE_WIDTH + GAP_X) - width / 2, y: row * (NODE_HEIGHT + GAP_Y) });
    });
  });
  return spots;
}
