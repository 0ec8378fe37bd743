import type { Observable } from 'rxjs';
import { DoorFaults } from '../../net/rejected-connections.js';
import { HeldSubject } from '../../net/buffered-subject.js';
import type { Connection, Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { DoorFault } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { TcpConnection, type TcpConnectionOptions } from './connection.js';
import type { Door } from '../../net/stream-server.js';

export type TcpListenerOptions = TcpConnectionOptions;

/** Makes a connection of each peer that comes through a door. */
export class TcpListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<Connection>;
  readonly faults$: Observable<DoorFault>;
  readonly #door: Door;
  readonly #connections: HeldSubject<Connection>;
  readonly #faults: DoorFaults;
  #closed: Promise<void> | undefined;

  /** @throws TransportError */
  static async open(door: Door, options: TcpListenerOptions): Promise<TcpListener> {
    const connections = new HeldSubject<Connection>();
    const faults = new DoorFaults();
    const address = await door.open({
      admit: (peer) => {
        connections.next(new TcpConnection(peer, options));
      },
      turnedAway: (kind, source, text) => {
        faults.tell(kind, source, text);
      },
      broke: (error) => {
        faults.complete();
        connections.error(new TransportError(`the door at ${address.url} broke: ${error.message}`, { cause: error }));
      },
    });
    return new TcpListener(door, address, connections, faults);
  }

  private constructor(door: Door, address: ListenAddress, connections: HeldSubject<Connection>, faults: DoorFaults) {
    this.#door = door;
    this.#connections = connections;
    this.#faults = faults;
    this.addresses = [address];
    this.connections$ = connections.observable;
    this.faults$ = faults.observable;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#faults.complete(); // those who are sent away now have done nothing wrong
    this.#door.close();
    this.#connections.complete();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
