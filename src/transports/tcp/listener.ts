import type { Observable } from 'rxjs';
import { RejectedConnections } from '../../net/rejected-connections.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import type { Connection, Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { RejectedConnection } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { TcpConnection, type TcpConnectionOptions } from './connection.js';
import type { StreamServer } from '../../net/stream-server.js';

export type TcpListenerOptions = TcpConnectionOptions;

/** Creates a connection for each peer that a server accepts. */
export class TcpListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<Connection>;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #server: StreamServer;
  readonly #connections: BufferedSubject<Connection>;
  readonly #faults: RejectedConnections;
  #closed: Promise<void> | undefined;

  /** @throws TransportError */
  static async open(server: StreamServer, options: TcpListenerOptions): Promise<TcpListener> {
    const connections = new BufferedSubject<Connection>();
    const faults = new RejectedConnections();
    const address = await server.open({
      accepted: (peer) => {
        connections.next(new TcpConnection(peer, options));
      },
      rejected: (kind, source, text) => {
        faults.report(kind, source, text);
      },
      failed: (error) => {
        faults.complete();
        connections.error(
          new TransportError(`the listener at ${address.url} failed: ${error.message}`, { cause: error }),
        );
      },
    });
    return new TcpListener(server, address, connections, faults);
  }

  private constructor(
    server: StreamServer,
    address: ListenAddress,
    connections: BufferedSubject<Connection>,
    faults: RejectedConnections,
  ) {
    this.#server = server;
    this.#connections = connections;
    this.#faults = faults;
    this.addresses = [address];
    this.connections$ = connections.observable;
    this.rejected$ = faults.observable;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#faults.complete(); // peers that are rejected from now on are not faults
    this.#server.close();
    this.#connections.complete();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
