// Running times.

import { clock } from '../texts/format';
import { useServerNow } from './now';

/** How long ago `since` was. */
export function Clock({ since }: { since: string }) {
  const now_ms = useServerNow();
  return <span className="num">{clock(now_ms - Date.parse(since))}</span>;
}

/** How long it is until `until`; whole seconds, rounded up, so that it ends at zero. */
export function Countdown({ until }: { until: string }) {
  const now_ms = useServerNow();
  return <span className="num">{clock(Math.ceil((Date.parse(until) - now_ms) / 1000) * 1000)}</span>;
}
