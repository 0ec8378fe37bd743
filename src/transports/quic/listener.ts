import type { Observable } from 'rxjs';
import { HalfOpen } from '../../util/admission/half-open.js';
import type { Clock } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { clientPrefix } from '../../util/client-prefix.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { RejectedConnections } from '../../net/rejected-connections.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { listenError } from '../../net/listen-error.js';
import type { TlsCredentials } from '../../net/tls.js';
import type { Connection, Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { RejectedConnection } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { QuicConnection } from './connection.js';
import { DatagramQueue } from './datagram-queue.js';
import { ALPN, MAX_STREAMLESS_PEERS, quicCloseCodes, STREAM_REFUSED } from './constants.js';
import type {
  QuicHandshakeFailure,
  QuicLimits,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicStream,
} from './provider.js';

/** The options of `quic()` with defaults applied. */
export interface QuicListenerOptions {
  readonly port: number;
  readonly host: string;
  readonly credentials: TlsCredentials;
  readonly handshakeMs: number;
  readonly stallMs: number;
  readonly pingIntervalMs: number;
  readonly datagrams: boolean;
  readonly limits: QuicLimits;
  readonly provider: QuicProvider;
  readonly clock: Clock;
}

/** A UDP port. A peer becomes a connection with the first bytes of the stream that it opens. */
export class QuicListener implements Listener {
  readonly connections$: Observable<Connection>;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #options: QuicListenerOptions;
  readonly #connections = new BufferedSubject<Connection>();
  readonly #faults = new RejectedConnections();
  readonly #sessions = new Set<QuicSession>();
  /** Peers without a stream, with their deadlines. */
  readonly #streamless = new Map<QuicSession, PeerDeadline>();
  readonly #halfOpen: HalfOpen<QuicSession>;
  readonly #unreadInAll = { bytes: 0 };
  readonly #datagramQueue: DatagramQueue | undefined;
  #server!: QuicServer; // invariant: `open` sets it before it returns the listener
  #shut = false;
  #closed: Promise<void> | undefined;
  /** Resolves the wait of {@link close} for the last peer. */
  #onLastClosed: () => void = () => undefined;

  /** @throws TransportError */
  static async open(options: QuicListenerOptions): Promise<QuicListener> {
    const listener = new QuicListener(options);
    const { port, host, credentials, limits, datagrams, provider } = options;
    const { key, cert } = credentials;
    const { onSession, onFailedHandshake, onFault } = listener.#events;
    try {
      listener.#server = await provider.listen({
        ...{ port, host, key, cert, alpn: ALPN, limits, datagrams },
        ...{ onSession, onFailedHandshake, onFault },
      });
    } catch (error) {
      throw error instanceof TransportError ? error : listenError(error, host, port);
    }
    return listener;
  }

  private constructor(options: QuicListenerOptions) {
    this.#options = options;
    this.#halfOpen = new HalfOpen<QuicSession>({
      maxHalfOpen: MAX_STREAMLESS_PEERS,
      maxHalfOpenPerAddress: 0,
      handshakeMs: options.handshakeMs,
      describe: (_, count) => `${count} peers have no stream`,
      cutOff: this.#cutOff,
    });
    this.#datagramQueue = options.datagrams ? new DatagramQueue() : undefined;
    this.connections$ = this.#connections.observable;
    this.rejected$ = this.#faults.observable;
  }

  get addresses(): readonly ListenAddress[] {
    const { host, port } = this.#server.address;
    return [{ transport: 'quic', host, port, url: `quic://${host.includes(':') ? `[${host}]` : host}:${port}` }];
  }

  /** Closes the port. All peers share one UDP port, so the promise resolves when the last peer has closed. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#shut = true;
    this.#faults.complete(); // peers that are rejected from now on are not faults
    for (const session of [...this.#streamless.keys()]) turnAway(session);
    this.#connections.complete();
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onLastClosed = resolve;
      });
    }
    await this.#server.close();
  }

  readonly #events = {
    onSession: (session: QuicSession): void => {
      let connection: QuicConnection | undefined;
      this.#sessions.add(session);
      session.handle({
        stream: (stream) => {
          if (this.#streamless.has(session)) connection = this.#accept(session, stream);
          else refuse(stream);
        },
        datagram: (bytes) => connection?.receiveDatagram(bytes),
        closed: (end) => {
          if (this.#streamless.has(session))
            this.#report('timeout', session, 'it disconnected without opening a stream');
          this.#leavePending(session);
          connection?.sessionClosed(end);
          this.#sessions.delete(session);
          if (this.#sessions.size === 0) this.#onLastClosed();
        },
      });
      if (this.#shut) turnAway(session);
      else this.#waitForStream(session);
    },
    onFailedHandshake: ({ remoteHost, remotePort, text }: QuicHandshakeFailure): void => {
      this.#faults.report('handshake', { address: remoteHost, port: remotePort }, text);
    },
    onFault: (error: Error): void => {
      this.#faults.complete();
      this.#connections.error(new TransportError(`the QUIC port failed: ${error.message}`, { cause: error }));
      this.#closed ??= this.#server.close();
    },
  };

  /** Starts the deadline in which a peer must open a stream after its handshake. */
  #waitForStream(session: QuicSession): void {
    const { clock, handshakeMs } = this.#options;
    const nowMs = clock.now();
    const place = clientPrefix(session.remoteHost);
    const block = this.#halfOpen.check(place, nowMs);
    // QUIC cannot leave a connection unaccepted. The new peer is refused if no other peer can be closed for it, and in
    // a grace period.
    const mayJudge = ClockWatch.of(clock).graceLeftMs() === 0;
    if (block !== undefined && !(mayJudge && this.#halfOpen.cutOfLargest(nowMs))) {
      session.close(quicCloseCodes.overloaded, block.text);
      this.#report('refused', session, block.text);
      return;
    }
    this.#halfOpen.enter(session, place, nowMs);
    const expire = (): void => {
      const text = `no stream was opened within ${handshakeMs / 1_000} s`;
      this.#leavePending(session);
      session.close(quicCloseCodes.policy, text);
      this.#report('timeout', session, text);
    };
    this.#streamless.set(session, setPeerDeadline(clock, expire, handshakeMs));
  }

  /** Closes a waiting peer because a limit is reached and a new peer has arrived. */
  readonly #cutOff = (session: QuicSession, ageSeconds: number, reason: string): boolean => {
    const text = `no stream was opened within ${ageSeconds} s: ${reason}`;
    this.#leavePending(session);
    session.close(quicCloseCodes.overloaded, text);
    this.#report('timeout', session, text);
    return true;
  };

  #accept(session: QuicSession, stream: QuicStream): QuicConnection {
    this.#leavePending(session);
    const { stallMs, pingIntervalMs, clock } = this.#options;
    const unreadInAll = this.#unreadInAll;
    const connection = new QuicConnection(session, stream, {
      ...{ stallMs, pingIntervalMs, clock, unreadInAll },
      datagramQueue: this.#datagramQueue,
    });
    this.#connections.next(connection);
    return connection;
  }

  #report(kind: RejectedConnection['kind'], { remoteHost, remotePort }: QuicSession, text: string): void {
    this.#faults.report(kind, { address: remoteHost, port: remotePort }, text);
  }

  #leavePending(session: QuicSession): void {
    this.#streamless.get(session)?.clear();
    this.#streamless.delete(session);
    this.#halfOpen.leave(session);
  }
}

function turnAway(session: QuicSession): void {
  session.close(quicCloseCodes.goingAway, 'the router accepts no more connections');
}

function refuse(stream: QuicStream): void {
  stream.on('error', () => undefined);
  stream.close(STREAM_REFUSED);
}
