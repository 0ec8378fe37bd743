import { EventEmitter } from 'node:events';
import { Server, type Socket } from 'node:net';

/**
 * Makes every socket that a server of this process accepts from now on look as if it came from an address. Limits leave this computer
 * out, and no test has another one.
 *
 * @returns puts it back
 */
export function fromElsewhere(addressOf: () => string): () => void {
  const emit = function (this: Server, name: string | symbol, ...args: unknown[]): boolean {
    if (name === 'connection') {
      Object.defineProperty(args[0] as Socket, 'remoteAddress', { value: addressOf() }); // what a server gives with this event
    }
    return EventEmitter.prototype.emit.call(this, name, ...args);
  };
  Object.defineProperty(Server.prototype, 'emit', { value: emit, configurable: true });
  return () => {
    Reflect.deleteProperty(Server.prototype, 'emit'); // the inherited one is in its place again
  };
}
