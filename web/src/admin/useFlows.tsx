// The flows, for choices and links.

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { flowsQuery } from '../api/flows';
import { useMay } from '../app/session';
import grid from '../ui/Grid.module.css';

export function useFlowNames(): string[] {
  const may = useMay('flows.see');
  const { data } = useQuery({ ...flowsQuery(null), enabled: may });
  return data?.flows.map(({ name }) => name) ?? [];
}

export function FlowLink({ flow }: { flow: string }) {
  const may = useMay('flows.see');
  if (!may || flow === '') return flow;
  return (
    <Link to="/flows/$flow" params={{ flow }} className={grid.link}>
      {flow}
    </Link>
  );
}
