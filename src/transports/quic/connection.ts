import { type Observable, Subject } from 'rxjs';
import { type Clock } from '../../util/clock.js';
import { Deframer } from '../../protocol/deframer.js';
import { DecodeError } from '../../protocol/errors.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { remoteAddressOf } from '../../net/remote-address.js';
import { type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type Datagrams, type InboundFrame } from '../transport.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import { ABORTED, quicCloseCodes, READ_BYTES_PER_TURN } from './constants.js';
import type { DatagramQueue } from './datagram-queue.js';
import { PeerDatagrams } from './peer-datagrams.js';
import { CloseGrace } from './close-grace.js';
import { PeerPings } from './peer-pings.js';
import { Progress } from './progress.js';
import { StallWatch } from './stall-watch.js';
import { ENDED_WITHOUT_CLOSE, faultOf } from './peer-end.js';
import type { QuicEnd, QuicSession, QuicStream } from './provider.js';
import { costOf, Unread, type UnreadInAll } from './unread.js';

export interface QuicConnectionOptions {
  /** Maximum milliseconds in which a responsive peer reads nothing of the buffered bytes. */
  readonly stallMs: number;
  /** Milliseconds between pings. 0 disables pings. */
  readonly pingIntervalMs: number;
  readonly clock: Clock;
  readonly unreadInAll: UnreadInAll;
  /** Queue of the port, if it has datagrams. */
  readonly datagramQueue: DatagramQueue | undefined;
}

/**
 * One QUIC peer and the stream that it opened. A side that closes ends its half of the stream. When the other side has
 * read it to the end and ended its own half, the connection is closed with the reason as its code. An immediate close
 * would drop bytes in flight. A peer that leaves first sends a CLASP close message. Without it, the end of its stream
 * and the code 0 are a loss, because QUIC libraries send both for a program that fails.
 */
export class QuicConnection implements Connection {
  readonly transport = 'quic';
  readonly framing = 'raw';
  readonly encoding = undefined;
  readonly remoteAddress: string;
  readonly batches$: Observable<readonly InboundFrame[]>;
  readonly drained$: Observable<void>;

  readonly #session: QuicSession;
  readonly #stream: QuicStream;
  readonly #options: QuicConnectionOptions;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #drained = new Subject<void>();
  readonly #deframer = new Deframer();
  readonly #unread: Unread;
  readonly #pings: PeerPings;
  readonly #stallWatch: StallWatch;
  readonly #grace: CloseGrace;
  readonly #datagrams: PeerDatagrams | undefined;
  /** `leaving`: this side has ended its half and waits for the peer. `over`: the end of `batches$` is determined. */
  #phase: 'open' | 'leaving' | 'over' = 'open';
  /** Whether the peer has ended its half of the stream. Earlier input can still be unread. */
  #peerEnded = false;
  #subscribed = false;
  /** Bytes that can still be read in this turn of the event loop. */
  #readable = READ_BYTES_PER_TURN;
  #turnPlanned = false;
  /** Whether the stream has buffered bytes since the last `drained$`. */
  #heldBack = false;
  /** Reason for closing the QUIC connection, after both halves have ended. */
  #closeReason: CloseReason = { kind: 'normal', text: '' };
  #fault: ConnectionLost | undefined;

  constructor(session: QuicSession, stream: QuicStream, options: QuicConnectionOptions) {
    this.#session = session;
    this.#stream = stream;
    this.#options = options;
    this.remoteAddress = remoteAddressOf(session.remoteHost, session.remotePort);
    this.#unread = new Unread(options.unreadInAll);
    const { datagramQueue: queue, clock, stallMs, pingIntervalMs } = options;
    const progress = new Progress(stream, session);
    const isOpen = (): boolean => this.#phase === 'open';
    const isWaiting = (): boolean => isOpen() && stream.writableLength > 0;
    this.#stallWatch = new StallWatch({ session, progress, clock, stallMs, isWaiting, stalled: this.#onStalled });
    this.#grace = new CloseGrace(progress, clock, this.#part);
    this.#datagrams = queue && new PeerDatagrams({ session, queue, clock, received: this.#onDatagrams });
    this.#batches = new BufferedSubject(() => {
      this.#subscribed = true;
      this.#read();
    });
    this.batches$ = this.#batches.observable;
    this.drained$ = this.#drained.asObservable();
    stream.on('error', () => undefined); // a close follows
    stream.on('end', this.#onPeerEnded);
    stream.on('close', this.#onStreamClosed);
    // Read now, not with the first 'data' event: a close in the same packet would discard these bytes before that.
    for (let chunk = first(stream); chunk !== null; chunk = first(stream)) this.#onData(chunk);
    stream.on('data', this.#onData);
    this.#pings = new PeerPings({
      session,
      clock,
      pingIntervalMs,
      isOpen,
      received: () => {
        this.#batches.next([]);
      },
      measured: (traffic) => this.#datagrams?.measured(traffic?.maxPacketBytes),
    });
  }

  get bufferedBytes(): number {
    return this.#phase === 'over' ? 0 : this.#stream.writableLength;
  }

  get datagrams(): Datagrams | undefined {
    return this.#phase === 'open' && this.#datagrams?.isAgreed === true ? this.#datagrams : undefined;
  }

  write(bytes: Uint8Array): void {
    if (this.#phase !== 'open') return;
    this.#stream.write(bytes, this.#onWritten);
    if (this.#stream.writableLength === 0) return; // sent immediately
    this.#heldBack = true;
    this.#stallWatch.start();
  }

  close(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.#unread.clear();
    this.#closeReason = reason;
    if (this.#peerEnded) return this.#endAfterPeer(undefined);
    this.#phase = 'leaving';
    this.#stream.end(); // after all buffered bytes
    this.#grace.start();
  }

  /**
   * Sends a QUIC PING and checks for packets of the peer during the next seconds. The library does not report the
   * answer.
   */
  probe(): void {
    if (this.#phase === 'open') this.#pings.probe();
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text), ABORTED, '');
  }

  /** Handles a datagram of the peer. Without a subscriber it is lost. */
  receiveDatagram(bytes: Uint8Array): void {
    if (this.#subscribed && this.#phase === 'open') this.#datagrams?.receive(bytes);
  }

  /** Handles the end of the QUIC connection. Earlier input is still delivered. */
  sessionClosed(end: QuicEnd): void {
    this.#stopTimers();
    this.#conclude(this.#phase === 'leaving' ? undefined : faultOf(end));
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#phase !== 'open') return;
    if (this.#unread.push(chunk)) {
      this.#read();
    } else {
      const text = 'more arrived than can be processed';
      this.#cut(new ConnectionLost(`the peer sends too fast: ${text}`), quicCloseCodes.overloaded, text);
    }
  };

  /**
   * Delivers received bytes, a limited amount per turn. The library can call with a thousand chunks at once. A peer
   * that sends at full speed must not block all other peers and timers for tens of seconds.
   */
  readonly #read = (): void => {
    if (!this.#subscribed) return;
    while (this.#readable > 0) {
      const chunk = this.#unread.shift();
      if (chunk === undefined) break;
      this.#readable -= costOf(chunk);
      this.#planTurn();
      this.#deframe(chunk);
    }
    if (!this.#unread.isEmpty) return;
    if (this.#phase === 'over') this.#emitEnd();
    else if (this.#peerEnded) setImmediate(this.#answerEnd);
  };

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      this.#turnPlanned = false;
      this.#readable = READ_BYTES_PER_TURN;
      this.#read();
    });
  }

  #deframe(chunk: Uint8Array): void {
    try {
      const frames = this.#deframer.pushRuns(chunk);
      if (frames.length > 0) this.#batches.next(frames);
      if (this.#deframer.fault !== undefined) throw this.#deframer.fault;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const fault = new ConnectionLost(`the peer sent bytes that are not a frame: ${error.message}`, { cause: error });
      this.#cut(fault, quicCloseCodes.protocol, 'bytes that are not a frame');
    }
  }

  readonly #onDatagrams = (frames: readonly Uint8Array[]): void => {
    if (this.#phase === 'open') this.#batches.next(frames);
  };

  readonly #onWritten = (): void => {
    if (!this.#heldBack || this.#phase !== 'open' || this.#stream.writableLength > 0) return;
    this.#heldBack = false;
    this.#drained.next();
  };

  /** The peer ended its half, either in response to this side or first. */
  readonly #onPeerEnded = (): void => {
    if (this.#phase === 'leaving') {
      // The peer may have ended before it received our end. Then the grace period continues for the unsent bytes.
      if (this.#stream.writableFinished) this.#part();
      return;
    }
    if (this.#phase === 'over') return;
    this.#peerEnded = true;
    this.#read();
  };

  /** Runs one turn after the last frames of a peer that has ended its half, so that the peer receives their answers. */
  readonly #answerEnd = (): void => {
    if (this.#phase === 'open') this.#endAfterPeer(new ConnectionLost(ENDED_WITHOUT_CLOSE));
  };

  /** Ends this side's half after the peer's. The peer gets the grace period to read the rest and close. */
  #endAfterPeer(fault: ConnectionLost | undefined): void {
    this.#stream.end();
    this.#grace.start();
    this.#conclude(fault);
  }

  readonly #onStreamClosed = (): void => {
    if (this.#phase === 'leaving') this.#part();
    else if (this.#phase === 'open' && this.#peerEnded) this.#conclude(new ConnectionLost(ENDED_WITHOUT_CLOSE));
    else if (this.#phase === 'open') {
      this.#cut(new ConnectionLost('the peer reset its stream'), quicCloseCodes.protocol, 'the stream was reset');
    }
  };

  readonly #part = (): void => {
    this.#stopTimers();
    this.#session.close(quicCloseCodes[this.#closeReason.kind], clipUtf8(this.#closeReason.text, MAX_REASON_BYTES));
    this.#conclude(undefined);
  };

  readonly #onStalled = (): void => {
    const text = `the peer read nothing for ${this.#options.stallMs / 1_000} s`;
    this.#cut(new ConnectionLost(text), quicCloseCodes.overloaded, text);
  };

  #cut(fault: ConnectionLost, code: number, text: string): void {
    this.#unread.clear();
    if (this.#phase === 'over') this.#fault ??= fault; // the peer has left, and its earlier input is still being read
    this.#stopTimers();
    this.#session.close(code, text);
    this.#conclude(fault);
  }

  #stopTimers(): void {
    this.#stallWatch.stop();
    this.#grace.stop();
    this.#pings.stop();
  }

  /** Determines the end of `batches$`. Subscribers are notified later, never during their own call. */
  #conclude(fault: ConnectionLost | undefined): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#fault = fault;
    queueMicrotask(() => {
      this.#drained.complete();
      if (this.#unread.isEmpty) this.#emitEnd();
      else this.#read();
    });
  }

  #emitEnd(): void {
    if (this.#fault === undefined) this.#batches.complete();
    else this.#batches.error(this.#fault);
  }
}

function first(stream: QuicStream): Uint8Array | null {
  return stream.read() as Uint8Array | null; // invariant: a stream without encoding or object mode returns bytes
}
