import { callback, checkOptions, clock, duration, ratio } from '../../net/option-rules.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import type { Connection, Listener, Transport } from '../transport.js';
import { TransportError } from '../../net/transport-error.js';
import { type MemoryClient, memoryLink, type MemoryLinkOptions } from './link.js';

export { type MemoryClient, type MemoryConnection, memoryLink, type MemoryLinkOptions } from './link.js';

/**
 * In-process clients for tests, bridges, and embedding without an open port. The listener reports no rejected
 * connections: {@link MemoryTransport.connect} throws instead.
 */
export interface MemoryTransport extends Transport {
  /**
   * Returns a new client. The listener emits the other end.
   *
   * @throws TransportError if nothing listens
   */
  connect(): MemoryClient;
}

const memoryRules = { latencyMs: duration, lossRatio: ratio, random: callback, clock } as const;

/**
 * @param options options of every link; the remote addresses are numbered: `memory:1`, `memory:2`, ...
 * @throws ArgumentError if an option is unknown or of the wrong type
 */
export function memory(options: Omit<MemoryLinkOptions, 'remoteAddress'> = {}): MemoryTransport {
  checkOptions<Omit<MemoryLinkOptions, 'remoteAddress'>>('memory', options, memoryRules);
  let connections: BufferedSubject<Connection> | undefined;
  let count = 0;
  return {
    name: 'memory',
    listen(): Promise<Listener> {
      if (connections !== undefined) {
        return Promise.reject(
          new TransportError('this in-memory transport is already listening; close its listener or create another'),
        );
      }
      const opened = new BufferedSubject<Connection>();
      connections = opened;
      return Promise.resolve({
        addresses: [{ transport: 'memory', host: 'memory', port: 0, url: 'memory:' }],
        connections$: opened.observable,
        close(): Promise<void> {
          if (connections === opened) connections = undefined;
          opened.complete();
          return Promise.resolve();
        },
      });
    },
    connect(): MemoryClient {
      if (connections === undefined) {
        throw new TransportError('nothing listens on this in-memory transport; call listen() first');
      }
      count++;
      const { client, server } = memoryLink({ ...options, remoteAddress: `memory:${count}` });
      connections.next(server);
      return client;
    },
  };
}
