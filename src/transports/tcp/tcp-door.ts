import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { ConnectRate, type ConnectRateLimits } from '../connect-rate.js';
import { listenError } from '../listen-error.js';
import { remoteAddressOf } from '../remote-address.js';
import type { TlsSource } from '../tls.js';
import type { ListenAddress } from '../transport.js';
import { socketOptions } from './constants.js';
import { type Door, type DoorEvents, listening, type Peer } from './door.js';
import { TlsHandshakes } from './tls-handshakes.js';

export interface TcpDoorOptions extends ConnectRateLimits {
  readonly port: number;
  readonly host: string;
  readonly tls: TlsSource | undefined;
  readonly handshakeMs: number;
  readonly clock: Clock;
}

/** A TCP port, with TLS in front or without. */
export class TcpDoor implements Door {
  readonly #options: TcpDoorOptions;
  readonly #rate: ConnectRate;
  #server: Server | undefined;
  #handshakes: TlsHandshakes | undefined;

  constructor(options: TcpDoorOptions) {
    this.#options = options;
    this.#rate = new ConnectRate(options);
  }

  async open(events: DoorEvents): Promise<ListenAddress> {
    const { port, host, tls } = this.#options;
    this.#server = tls === undefined ? this.#plainServer(events) : this.#tlsServer(tls, events);
    try {
      await listening(this.#server, { port, host }, events);
    } catch (error) {
      this.#handshakes?.close();
      throw listenError(error, host, port, '--tcp-port');
    }
    // A server that listens on a port, not on a pipe, has an AddressInfo.
    const { address, family, port: realPort } = this.#server.address() as AddressInfo;
    const scheme = tls === undefined ? 'tcp' : 'tls';
    const urlHost = family === 'IPv6' ? `[${address}]` : address;
    return { transport: 'tcp', host: address, port: realPort, url: `${scheme}://${urlHost}:${realPort}` };
  }

  close(): void {
    this.#server?.close(); // its callback would come only when the last connection has gone
    this.#handshakes?.close();
  }

  #plainServer(events: DoorEvents): Server {
    return createServer(socketOptions, (socket) => {
      if (!this.#lets(socket, events)) return;
      const cut = (): void => {
        resetOrDestroy(socket);
      };
      events.admit(peerOf(socket, cut));
    });
  }

  #tlsServer(source: TlsSource, events: DoorEvents): Server {
    const { admit, turnedAway } = events;
    const { handshakeMs, clock } = this.#options;
    const onSecured = (socket: Socket): void => {
      // No reset: doing that to what lies below an encrypted socket has crashed the process (Node 20.20).
      admit(peerOf(socket, () => socket.destroy()));
    };
    const lets = (socket: Socket): boolean => this.#lets(socket, events);
    this.#handshakes = new TlsHandshakes({ source, handshakeMs, clock, lets, onSecured, turnedAway });
    return this.#handshakes.server;
  }

  /** Whether this connect is not one too many; else it is cut off and told. */
  #lets(socket: Socket, { turnedAway }: DoorEvents): boolean {
    const { remoteAddress: address, remotePort: port } = socket;
    const fault = this.#rate.count(address, this.#options.clock.now());
    if (fault === undefined) return true;
    turnedAway('refused', { address, port }, fault);
    socket.destroy();
    return false;
  }
}

/** A socket whose end is on its way out just then cannot be reset, and would be left half destroyed by the attempt. */
function resetOrDestroy(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (ending) socket.destroy();
  else socket.resetAndDestroy();
}

function peerOf(socket: Socket, cut: () => void): Peer {
  const remoteAddress = remoteAddressOf(socket.remoteAddress, socket.remotePort);
  return { transport: 'tcp', socket, remoteAddress, cut };
}
