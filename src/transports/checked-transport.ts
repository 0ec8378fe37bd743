import type { Listener, Transport } from './transport.js';
import { TransportError } from '../net/transport-error.js';

/**
 * Wraps a transport so that all failures of its `listen` are TransportErrors, and checks that the result is a listener.
 */
export function checkedTransport(transport: Transport): Transport {
  const { name } = transport;
  return {
    name,
    isInsecure: transport.isInsecure === true,
    async listen() {
      const listener: unknown = await listen(transport);
      if (isListener(listener)) return listener;
      throw new TransportError(
        `the transport ${name} does not work: its listen() must return a listener with addresses, connections$ and close`,
      );
    },
  };
}

async function listen(transport: Transport): Promise<unknown> {
  try {
    return await transport.listen();
  } catch (cause) {
    if (cause instanceof TransportError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TransportError(`the transport ${transport.name} cannot listen: ${reason}`, { cause });
  }
}

function isListener(value: unknown): value is Listener {
  if (typeof value !== 'object' || value === null) return false;
  // Invariant: absent fields are undefined.
  const { addresses, connections$, close } = value as Readonly<Record<keyof Listener, unknown>>;
  return Array.isArray(addresses) && typeof connections$ === 'object' && typeof close === 'function';
}
