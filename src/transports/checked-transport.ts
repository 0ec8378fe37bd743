import type { Listener, Transport } from './transport.js';
import { TransportError } from '../net/transport-error.js';

/** The transport, with a TransportError in place of anything else that goes wrong in its `listen`, and of what is not a listener. */
export function checkedTransport(transport: Transport): Transport {
  const { name } = transport;
  return {
    name,
    isInsecure: transport.isInsecure === true,
    async listen() {
      const listener: unknown = await listen(transport);
      if (isListener(listener)) return listener;
      throw new TransportError(
        `the transport ${name} does not work: its listen() must give a listener with addresses, connections$ and close`,
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
  const { addresses, connections$, close } = value as Readonly<Record<keyof Listener, unknown>>; // absent fields are undefined
  return Array.isArray(addresses) && typeof connections$ === 'object' && typeof close === 'function';
}
