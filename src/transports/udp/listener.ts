import type { RemoteInfo, Socket } from 'node:dgram';
import type { Observable } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { ErrorCode } from '../../protocol/errors.js';
import { encodeFrame } from '../../protocol/frame.js';
import { RejectedConnections } from '../../net/rejected-connections.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { CLOSE_GRACE_MS, ConnectionLost, type Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { RejectedConnection } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { UdpConnection } from './connection.js';
import { AMPLIFICATION_LIMIT, LARGEST_DATAGRAM_BYTES, SMALLEST_MAX_DATAGRAM_BYTES } from './constants.js';
import { Allowance } from './allowance.js';
import { Cookies, cookieToken, type Source } from './cookie.js';
import { answerEncoding, type Hello, readHello, withoutCookie } from './hello.js';
import { Peers } from './peers.js';
import { SendQueue } from './send-queue.js';
import { bindSocket, networkFaults } from './socket.js';

/** The options of `udp()` with defaults applied. */
export interface UdpListenerOptions {
  readonly port: number;
  readonly host: string;
  readonly maxDatagramBytes: number;
  readonly maxQueuedBytes: number;
  readonly idleMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly cookiesPerSecond: number;
  readonly clock: Clock;
}

/** Counters of a port, in datagrams since it opened. */
export interface UdpCounts {
  /** From unvalidated sources, and not a HELLO. */
  readonly ignored: number;
  /** HELLOs answered with a cookie. */
  readonly cookies: number;
  /** HELLOs not answered because there were too many in that second. */
  readonly unanswered: number;
  /** HELLOs with a valid cookie that a limit rejected. */
  readonly refused: number;
  /** Not sent because the system rejected them: no route, host unreachable, interface down. */
  readonly failedSends: number;
  /** Network faults that the system reported while receiving. The port stays open. */
  readonly networkFaults: number;
}

/** Reason of a rejection, as texts for the peer and for the log. */
interface Refusal {
  readonly answer: string;
  readonly text: string;
}

/** One UDP socket and its validated peers. The listener keeps no state for other sources. */
export class UdpListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<UdpConnection>;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #options: UdpListenerOptions;
  readonly #socket: Socket;
  readonly #queue: SendQueue;
  readonly #cookies: Cookies;
  readonly #allowance: Allowance;
  readonly #peers: Peers;
  readonly #accepted = new BufferedSubject<UdpConnection>();
  readonly #faults = new RejectedConnections();
  readonly #counts = { ignored: 0, cookies: 0, unanswered: 0, refused: 0, networkFaults: 0 };
  #closing = false;
  #closed: Promise<void> | undefined;
  #socketClosed: Promise<void> | undefined;

  /** @throws TransportError */
  static async open(options: UdpListenerOptions): Promise<UdpListener> {
    const { maxDatagramBytes, host, port } = options;
    if (maxDatagramBytes < SMALLEST_MAX_DATAGRAM_BYTES || maxDatagramBytes > LARGEST_DATAGRAM_BYTES) {
      throw new TransportError(
        `datagrams of ${maxDatagramBytes} bytes are not possible; choose maxDatagramBytes from ${SMALLEST_MAX_DATAGRAM_BYTES} to ${LARGEST_DATAGRAM_BYTES}`,
      );
    }
    return new UdpListener(await bindSocket(host, port), options);
  }

  /** @internal Tests pass their own socket. */
  constructor(socket: Socket, options: UdpListenerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#queue = new SendQueue(socket, options.clock);
    this.#cookies = new Cookies(options.clock);
    this.#peers = new Peers(options.idleMs, options.clock);
    this.#allowance = new Allowance(options.cookiesPerSecond, options.clock);
    this.connections$ = this.#accepted.observable;
    this.rejected$ = this.#faults.observable;
    const { address, port, family } = socket.address();
    const host = family === 'IPv6' ? `[${address}]` : address;
    this.addresses = [{ transport: 'udp', host: address, port, url: `udp://${host}:${port}` }];
    ClockWatch.of(options.clock).acquire(); // for the cookies: there is not always a session
    socket.on('message', this.#onDatagram);
    socket.on('error', this.#onError);
  }

  get counts(): UdpCounts {
    return { ...this.#counts, failedSends: this.#queue.failedSends };
  }

  /** Number of validated peers that have not ended. */
  get connectionCount(): number {
    return this.#peers.size;
  }

  /**
   * Closes the port. Unlike other listeners, it also ends its connections: all of them use the one socket, and the port
   * is not free while the socket is open.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing = true;
    this.#accepted.complete();
    this.#faults.complete();
    // A stopping router closes its listeners and then its sessions, all in this turn. This wait lets it close the
    // sessions.
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of this.#peers.all()) connection.dismiss('the UDP port has closed');
    await this.#queue.emptied(CLOSE_GRACE_MS);
    await this.#closeSocket();
  }

  #closeSocket(): Promise<void> {
    if (this.#socketClosed === undefined) {
      ClockWatch.of(this.#options.clock).release();
      this.#socketClosed = new Promise((resolve) => {
        this.#socket.close(resolve);
      });
    }
    return this.#socketClosed;
  }

  readonly #onDatagram = (datagram: Buffer, source: RemoteInfo): void => {
    // A peer at port 0 cannot be answered; Node.js throws on an attempt.
    const hello = source.port === 0 ? undefined : readHello(datagram);
    if (hello !== undefined) {
      if (!this.#closing) this.#onHello(hello, datagram.length, source);
      return;
    }
    const connection = this.#peers.at(source);
    if (connection !== undefined) {
      connection.receive(datagram);
      return;
    }
    this.#counts.ignored++;
    this.#faults.report('unsolicited', source, 'a datagram from a source that is not connected, and not a HELLO');
  };

  #onHello(hello: Hello, receivedBytes: number, source: Source): void {
    if (hello.cookie === undefined || !this.#cookies.isGood(hello.cookie, source)) {
      // A HELLO without a cookie is a normal start.
      if (hello.cookie !== undefined)
        this.#faults.report('refused', source, 'its cookie has expired or belongs to another source');
      if (this.#allowance.take()) {
        this.#counts.cookies++;
        this.#answer(hello, receivedBytes, source, ErrorCode.Unauthorized, cookieToken(this.#cookies.bake(source)));
      } else {
        this.#counts.unanswered++;
        this.#faults.report('refused', source, 'too many HELLOs without a cookie in this second');
      }
      return;
    }
    // The peer has restarted without closing, and no longer knows its earlier session.
    this.#peers.at(source)?.end(new ConnectionLost('the peer began another session without a close message'));
    const refusal = this.#refusal(source);
    if (refusal === undefined) {
      this.#accept(hello, source);
    } else {
      this.#counts.refused++;
      this.#faults.report('refused', source, refusal.text);
      this.#answer(hello, receivedBytes, source, ErrorCode.Overloaded, refusal.answer);
    }
  }

  /** Returns why a limit rejects the source, or undefined. */
  #refusal({ address }: Source): Refusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#options;
    if (maxConnections > 0 && this.#peers.size >= maxConnections) {
      return {
        answer: `Too many connections: the limit is ${maxConnections}`,
        text: `${maxConnections} are connected already`,
      };
    }
    if (maxConnectionsPerAddress > 0 && this.#peers.countAt(address) >= maxConnectionsPerAddress) {
      return {
        answer: `Too many connections from your address: the limit is ${maxConnectionsPerAddress}`,
        text: `${maxConnectionsPerAddress} of its address are connected already`,
      };
    }
    return undefined;
  }

  #accept(hello: Hello, { address, port }: Source): void {
    const { maxDatagramBytes, maxQueuedBytes, clock } = this.#options;
    const connection = new UdpConnection({
      peer: { address, port },
      encoding: answerEncoding(hello.frame.encoding),
      queue: this.#queue,
      maxFrameBytes: maxDatagramBytes,
      maxQueuedBytes,
      clock,
      onEnd: this.#peers.remove,
    });
    this.#peers.add(connection);
    connection.receive(withoutCookie(hello));
    // Subscribers of the replaced connection are notified of its end in a microtask too, and therefore first.
    queueMicrotask(() => {
      this.#accepted.next(connection);
    });
  }

  /** Sends one datagram for one received, and never enough to make this port useful for amplification attacks. */
  #answer(hello: Hello, receivedBytes: number, to: Source, code: ErrorCode, message: string): void {
    const encoding = answerEncoding(hello.frame.encoding);
    const datagram = encodeFrame({ type: 'error', code, message }, { encoding });
    if (datagram.length <= AMPLIFICATION_LIMIT * receivedBytes) this.#queue.send(datagram, to);
  }

  /**
   * Handles errors that the system reports while receiving. Network faults are temporary: sessions survive them or time
   * out.
   */
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (networkFaults.has(error.code)) {
      this.#counts.networkFaults++;
      return;
    }
    this.#closing = true;
    this.#faults.complete();
    this.#accepted.error(new TransportError(`the UDP port failed: ${error.message}`, { cause: error }));
    const lost = new ConnectionLost(`the UDP port failed: ${error.message}`, { cause: error });
    for (const connection of this.#peers.all()) connection.end(lost);
    void this.#closeSocket();
  };
}
