import { EventEmitter } from 'node:events';
import { Server, type Socket } from 'node:net';

/**
 * Makes every socket that a server of this process accepts from now on appear to come from an address, and TLS sockets
 * above it as well. Limits exclude this computer, and tests have no other address.
 *
 * @returns restores the original state
 */
export function fromElsewhere(addressOf: () => string): () => void {
  const emit = function (this: Server, name: string | symbol, ...args: unknown[]): boolean {
    if (name === 'connection') move(args[0] as Socket, addressOf); // the argument of this event
    return EventEmitter.prototype.emit.call(this, name, ...args);
  };
  Object.defineProperty(Server.prototype, 'emit', { value: emit, configurable: true });
  return () => {
    Reflect.deleteProperty(Server.prototype, 'emit'); // restores the inherited method
  };
}

/**
 * Node.js reads the address from the handle, also for the TLS socket above. A socket passed between servers keeps its
 * address.
 */
function move(socket: Socket, addressOf: () => string): void {
  const handle = Reflect.get(socket, '_handle') as object | null; // an accepted socket has one
  if (handle === null || Object.hasOwn(handle, 'getpeername')) return;
  const address = addressOf();
  const getpeername = Reflect.get(handle, 'getpeername') as (this: object, out: object) => number;
  Object.defineProperty(handle, 'getpeername', {
    value(out: object): number {
      const status = getpeername.call(handle, out);
      return Reflect.set(out, 'address', address) ? status : -1;
    },
  });
}
