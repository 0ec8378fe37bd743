import type { Listener } from '../../src/transports/transport.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';

/** Keeps what a door tells of those who do not get in, as plain objects. */
export function faultsOf({ rejected$ }: Listener): RejectedConnection[] {
  if (rejected$ === undefined) throw new Error('this door tells of no faults');
  const faults: RejectedConnection[] = [];
  rejected$.subscribe(({ kind, remoteAddress, text }) => faults.push({ kind, remoteAddress, text }));
  return faults;
}
