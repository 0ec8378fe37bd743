import type { Connection, Listener, Transport } from '../../src/transports/transport.js';
import { cleanUps } from './clean-ups.js';

/** An open listener. It is closed and its connections are destroyed after the test. */
export async function openListener(transport: Transport): Promise<{ listener: Listener; accepted: Connection[] }> {
  const listener = await transport.listen();
  cleanUps.push(() => listener.close());
  const accepted: Connection[] = [];
  listener.connections$.subscribe((connection) => {
    accepted.push(connection);
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  return { listener, accepted };
}

/** Returns the port of a listener. Invariant: it has one address. */
export function portOf(listener: Listener): number {
  return listener.addresses[0]!.port;
}

/** Returns the URL of a listener. Invariant: it has one address. */
export function urlOf(listener: Listener): string {
  return listener.addresses[0]!.url;
}
