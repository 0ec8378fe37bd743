import type { Listener } from '../../src/transports/transport.js';
import type { DoorFault } from '../../src/net/rejected-connections.js';

/** Keeps what a door tells of those who do not get in, as plain objects. */
export function faultsOf({ faults$ }: Listener): DoorFault[] {
  if (faults$ === undefined) throw new Error('this door tells of no faults');
  const faults: DoorFault[] = [];
  faults$.subscribe(({ kind, remoteAddress, text }) => faults.push({ kind, remoteAddress, text }));
  return faults;
}
