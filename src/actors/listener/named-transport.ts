import { EMPTY, type Observable } from 'rxjs';
import type { Listener, Transport } from '../../transports/transport.js';
import type { RejectedConnection } from '../../transports/transport.js';

/**
 * Wraps a transport for the listener actor: only the contract, with its name as JSON form. Inspectors see inputs,
 * contexts and outputs of actors, and a transport or its listener can reference any object of the program.
 */
export function namedTransport(transport: Transport): Transport {
  return transport instanceof NamedTransport ? transport : new NamedTransport(transport);
}

class NamedTransport implements Transport {
  readonly name: string;
  readonly isInsecure: boolean;
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.name = transport.name;
    this.isInsecure = transport.isInsecure === true;
    this.#transport = transport;
  }

  async listen(): Promise<Listener> {
    return new NamedListener(await this.#transport.listen());
  }

  toJSON(): string {
    return this.name;
  }
}

class NamedListener implements Listener {
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  get addresses(): Listener['addresses'] {
    return this.#listener.addresses;
  }

  get connections$(): Listener['connections$'] {
    return this.#listener.connections$;
  }

  get rejected$(): Observable<RejectedConnection> {
    return this.#listener.rejected$ ?? EMPTY;
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  toJSON(): object {
    return { addresses: this.addresses };
  }
}
