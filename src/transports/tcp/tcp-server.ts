import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../util/clock.js';
import { addressesOf, listenOnFirst } from '../../net/host-addresses.js';
import { listenError } from '../../net/listen-error.js';
import { LISTEN_BACKLOG, type ListenLimits } from '../../net/listen-limits.js';
import { remoteAddressOf } from '../../net/remote-address.js';
import { SocketAdmission } from '../../net/socket-admission.js';
import type { TlsSource } from '../../net/tls.js';
import type { ListenAddress } from '../../net/listen-address.js';
import { socketOptions } from '../../net/socket-options.js';
import { type StreamServer, type StreamServerEvents, listening, type Peer } from '../../net/stream-server.js';
import { TlsHandshakes } from '../../net/tls-handshakes.js';

export interface TcpServerOptions extends ListenLimits {
  readonly port: number;
  readonly host: string;
  readonly tls: TlsSource | undefined;
  readonly clock: Clock;
}

/** A TCP port, with or without TLS. */
export class TcpServer implements StreamServer {
  readonly #options: TcpServerOptions;
  #server: Server | undefined;
  #admission: SocketAdmission | undefined;
  #handshakes: TlsHandshakes | undefined;

  constructor(options: TcpServerOptions) {
    this.#options = options;
  }

  async open(events: StreamServerEvents): Promise<ListenAddress> {
    const { port, host, tls } = this.#options;
    if (tls !== undefined) this.#handshakes = this.#newHandshakes(tls, events);
    const admission = this.#newAdmission(events);
    this.#admission = admission;
    this.#server = createServer({ ...socketOptions, pauseOnConnect: true }, (socket) => {
      admission.arrive(socket);
    });
    try {
      const server = this.#server;
      await listenOnFirst(await addressesOf(host), ({ address }) =>
        listening(server, { port, host: address, backlog: LISTEN_BACKLOG }, events),
      );
    } catch (error) {
      this.#handshakes?.close();
      throw listenError(error, host, port);
    }
    // invariant: a server that listens on a port, not on a pipe, has an AddressInfo
    const { address, family, port: realPort } = this.#server.address() as AddressInfo;
    const scheme = tls === undefined ? 'tcp' : 'tls';
    const urlHost = family === 'IPv6' ? `[${address}]` : address;
    return { transport: 'tcp', host: address, port: realPort, url: `${scheme}://${urlHost}:${realPort}` };
  }

  close(): void {
    this.#server?.close(); // its callback would run only after the last connection has closed
    this.#admission?.clear();
    this.#handshakes?.close();
  }

  #newAdmission({ accepted, rejected }: StreamServerEvents): SocketAdmission {
    const admission = new SocketAdmission({
      ...this.#options,
      admit: (socket) => {
        if (this.#handshakes !== undefined) {
          this.#handshakes.begin(socket);
          return;
        }
        admission.leave(socket); // there is no handshake
        socket.read(0); // it was paused; like any socket, it can read ahead into its buffer
        const cut = (): void => {
          resetOrDestroy(socket);
        };
        accepted(peerOf(socket, cut));
      },
      refused: (source, text) => {
        rejected('refused', source, text);
      },
      cutOff: (socket, ageSeconds, reason) => this.#handshakes?.cutOff(socket, ageSeconds, reason),
    });
    return admission;
  }

  #newHandshakes(source: TlsSource, { accepted, rejected }: StreamServerEvents): TlsHandshakes {
    const { handshakeMs, clock } = this.#options;
    const onSecured = (secured: TLSSocket, socket: Socket | undefined): void => {
      if (socket !== undefined) this.#admission?.leave(socket);
      // Not reset: a reset of the socket below an encrypted one has crashed the process (Node.js 20.20).
      accepted(peerOf(secured, () => secured.destroy()));
    };
    return new TlsHandshakes({ source, handshakeMs, clock, onSecured, rejected });
  }
}

/** A socket that is just sending its end cannot be reset; the attempt would leave it half destroyed. */
function resetOrDestroy(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (ending) socket.destroy();
  else socket.resetAndDestroy();
}

function peerOf(socket: Socket, cut: () => void): Peer {
  const remoteAddress = remoteAddressOf(socket.remoteAddress, socket.remotePort);
  return { transport: 'tcp', socket, remoteAddress, cut };
}
