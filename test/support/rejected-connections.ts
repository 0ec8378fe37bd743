import type { Listener } from '../../src/transports/transport.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';

/** Records the rejected connections of a listener as plain objects. */
export function faultsOf({ rejected$ }: Listener): RejectedConnection[] {
  if (rejected$ === undefined) throw new Error('this door tells of no faults');
  const faults: RejectedConnection[] = [];
  rejected$.subscribe(({ kind, remoteAddress, text }) => faults.push({ kind, remoteAddress, text }));
  return faults;
}
