// A flow as steps and the ways between them, with how many calls took each way today.

import '@xyflow/react/dist/base.css';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react';
import { memo, useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlowEdge, FlowGraph, FlowNode } from '../api/types';
import { exitText } from '../calls/RecordTables';
import { word } from '../texts/format';
import { type Counts, edgeKey } from './counts';
import css from './Flows.module.css';
import { layout, NODE_HEIGHT, NODE_WIDTH } from './layout';

interface Props {
  graph: FlowGraph;
  counts: Counts;
  /** The step in which the cursor stands. */
  current: string | null;
  /** The ways that a test call took. */
  taken: ReadonlySet<string>;
  /** Where that call is. */
  reached: string | null;
  goTo(place: { line: number; column: number }): void;
}

type StepNode = Node<
  { node: FlowNode; runs: number; current: boolean; reached: boolean; start: boolean },
  'step'
>;

const NODE_TYPES = { step: memo(Step) };

export function FlowPicture(props: Props) {
  return (
    <ReactFlowProvider>
      <Picture {...props} />
    </ReactFlowProvider>
  );
}

function Picture({ graph, counts, current, taken, reached, goTo }: Props) {
  const { t } = useTranslation();
  const { setCenter, getZoom } = useReactFlow();
  const labels = useMemo(
    () => ({
      'controls.ariaLabel': t('flows.controls'),
      'controls.zoomIn.ariaLabel': t('flows.zoom_in'),
      'controls.zoomOut.ariaLabel': t('flows.zoom_out'),
      'controls.fitView.ariaLabel': t('flows.fit'),
      'node.a11yDescription.default': t('flows.node_help'),
      'node.a11yDescription.keyboardDisabled': t('flows.node_help'),
      'edge.a11yDescription.default': t('flows.node_help'),
    }),
    [t],
  );
  const spots = useMemo(() => layout(graph), [graph]);
  const nodes = useMemo<StepNode[]>(
    () =>
      graph.nodes.map((node) => ({
        id: node.step,
        type: 'step',
        position: spots.get(node.step) ?? { x: 0, y: 0 },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        ariaLabel: node.step,
        data: {
          node,
          runs: counts.steps.get(node.step) ?? 0,
          current: node.step === current,
          reached: node.step === reached,
          start: node.step === graph.start,
        },
      })),
    [graph, spots, counts, current, reached],
  );
  const edges = useMemo<Edge[]>(
    () =>
      graph.edges
        .filter(({ to }) => spots.has(to))
        .map((edge) => {
          const key = edgeKey(edge.from, edge.exit);
          const count = counts.exits.get(key) ?? 0;
          return {
            id: `${edge.from} ${edge.exit} ${edge.to}`,
            source: edge.from,
            target: edge.to,
            type: 'default',
            label: count > 0 ? `${exitText(t, edge.exit)} · ${count}` : exitText(t, edge.exit),
            markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
            className: taken.has(key) ? (css.takenEdge ?? '') : count > 0 ? (css.usedEdge ?? '') : '',
            data: { edge },
          };
        }),
    [graph, spots, counts, taken, t],
  );
  useEffect(() => {
    const spot = reached !== null ? spots.get(reached) : current !== null ? spots.get(current) : undefined;
    if (!spot) return;
    void setCenter(spot.x + NODE_WIDTH / 2, spot.y + NODE_HEIGHT / 2, {
      zoom: getZoom(),
      duration: moves() ? 200 : 0,
    });
  }, [current, reached, spots, setCenter, getZoom]);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      fitView
      fitViewOptions={{ maxZoom: 1, minZoom: 0.5, padding: 0.1 }}
      minZoom={0.15}
      nodesDraggable={false}
      nodesConnectable={false}
      deleteKeyCode={null}
      proOptions={{ hideAttribution: true }}
      aria-label={t('flows.graph')}
      ariaLabelConfig={labels}
      onNodeClick={(_, node) => goTo(node.data.node)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        const step = (event.target as HTMLElement).closest('.react-flow__node')?.getAttribute('data-id');
        const node = graph.nodes.find((one) => one.step === step);
        if (node) goTo(node);
      }}
      onEdgeClick={(_, edge) => goTo(edge.data?.edge as FlowEdge)}
    >
      <Background gap={22} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

/** Whether the reader wants to see things move. */
function moves(): boolean {
  return !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function Step({ data }: NodeProps<StepNode>) {
  const { t } = useTranslation();
  const { node, runs, current, reached, start } = data;
  return (
    <div className={css.node} data-current={current} data-reached={reached} data-start={start}>
      <Handle type="target" position={Position.Top} isConnectable={false} className={css.handle ?? ''} />
      <span className={css.nodeHead}>
        <strong>{node.step}</strong>
        {runs > 0 && <span className={`${css.runs} num`}>{runs}</span>}
      </span>
      <span className={css.nodeKind}>
        {word(t, 'flows.kind', node.kind)}
        {node.title && ` · ${node.title}`}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} className={css.handle ?? ''} />
    </div>
  );
}
