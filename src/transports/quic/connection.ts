import { type Observable, Subject } from 'rxjs';
import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { Deframer } from '../../protocol/deframer.js';
import { DecodeError } from '../../protocol/errors.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { remoteAddressOf } from '../../net/remote-address.js';
import {
  CLOSE_GRACE_MS,
  type Connection,
  ConnectionLost,
  CUT_BY_THIS_SIDE,
  type Datagrams,
  type InboundFrame,
} from '../transport.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import { ABORTED, PROBE_LOOK_MS, PROBE_LOOKS, quicCloseCodes, READ_BYTES_PER_TURN, STALL_CHECKS } from './constants.js';
import type { DatagramQueue } from './datagram-queue.js';
import { PeerDatagrams } from './peer-datagrams.js';
import { Progress } from './progress.js';
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
  readonly #progress: Progress;
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
  /** Consecutive checks in which the peer was responsive but read nothing. */
  #stalls = 0;
  #packetsIn = 0;
  /** Reason for closing the QUIC connection, after both halves have ended. */
  #closeReason: CloseReason = { kind: 'normal', text: '' };
  #fault: ConnectionLost | undefined;
  /** Remaining checks for the answer to a probe. */
  #probeLooks = 0;
  #probeTimer: unknown;
  #stallDeadline: PeerDeadline | undefined;
  #pingTimer: unknown;
  #graceDeadline: PeerDeadline | undefined;

  constructor(session: QuicSession, stream: QuicStream, options: QuicConnectionOptions) {
    this.#session = session;
    this.#stream = stream;
    this.#options = options;
    this.remoteAddress = remoteAddressOf(session.remoteHost, session.remotePort);
    this.#unread = new Unread(options.unreadInAll);
    this.#progress = new Progress(stream, session);
    const { datagramQueue: queue, clock } = options;
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
    this.#planPing();
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
    if (this.#stallDeadline === undefined) this.#startWatching();
  }

  close(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.#unread.clear();
    this.#closeReason = reason;
    if (this.#peerEnded) return this.#endAfterPeer(undefined);
    this.#phase = 'leaving';
    this.#stream.end(); // after all buffered bytes
    this.#startGrace();
  }

  /**
   * Sends a QUIC PING and checks for packets of the peer during the next seconds. The library does not report the
   * answer.
   */
  probe(): void {
    if (this.#phase !== 'open') return;
    this.#packetsIn = this.#session.traffic()?.packetsIn ?? this.#packetsIn; // earlier packets are not an answer
    this.#session.ping();
    this.#probeLooks = PROBE_LOOKS;
    this.#probeTimer ??= setBackgroundTimer(this.#options.clock, this.#lookForAnswer, PROBE_LOOK_MS);
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
    if (this.#phase === 'over') this.#tellEnd();
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
    this.#startGrace();
    this.#conclude(fault);
  }

  readonly #onStreamClosed = (): void => {
    if (this.#phase === 'leaving') this.#part();
    else if (this.#phase === 'open' && this.#peerEnded) this.#conclude(new ConnectionLost(ENDED_WITHOUT_CLOSE));
    else if (this.#phase === 'open') {
      this.#cut(new ConnectionLost('the peer reset its stream'), quicCloseCodes.protocol, 'the stream was reset');
    }
  };

  /** While the peer reads buffered bytes, it can continue. After that it has the grace period to answer. */
  #startGrace(): void {
    this.#progress.look();
    const arm = (): void => {
      this.#graceDeadline = setPeerDeadline(this.#options.clock, check, CLOSE_GRACE_MS);
    };
    const check = (): void => {
      if (this.#progress.look() === 'moved') arm();
      else this.#part();
    };
    arm();
  }

  #part(): void {
    this.#stopTimers();
    this.#session.close(quicCloseCodes[this.#closeReason.kind], clipUtf8(this.#closeReason.text, MAX_REASON_BYTES));
    this.#conclude(undefined);
  }

  /**
   * Watches a stream without progress. In two cases the router waits for `drained$`. If the peer is frozen or
   * unreachable, it is kept like any slow peer until QUIC closes it. If the peer's QUIC answers pings but its stream
   * makes no progress, the library has missed that the window opened again. That stream would never continue, so the
   * connection is cut, and the client can reconnect. A program that does not read for that long is cut too, because the
   * router cannot distinguish the two.
   */
  #startWatching(): void {
    const { stallMs, clock } = this.#options;
    const arm = (): void => {
      this.#session.ping();
      this.#stallDeadline = setPeerDeadline(clock, check, stallMs / STALL_CHECKS);
    };
    const check = (): void => {
      this.#stallDeadline = undefined;
      if (this.#phase !== 'open' || this.#stream.writableLength === 0) return;
      this.#stalls = this.#progress.look() === 'heard' ? this.#stalls + 1 : 0;
      if (this.#stalls < STALL_CHECKS) {
        arm();
        return;
      }
      const text = `the peer read nothing for ${stallMs / 1_000} s`;
      this.#cut(new ConnectionLost(text), quicCloseCodes.overloaded, text);
    };
    this.#stalls = 0;
    this.#progress.look();
    arm();
  }

  #planPing(): void {
    const { clock, pingIntervalMs } = this.#options;
    if (pingIntervalMs > 0) this.#pingTimer = setBackgroundTimer(clock, this.#ping, pingIntervalMs);
  }

  /** Keeps an idle connection alive. The answer to the previous ping is a sign of life for the session. */
  readonly #ping = (): void => {
    this.#datagrams?.measured(this.#session.traffic()?.maxPacketBytes);
    this.#reportPackets();
    if (this.#phase !== 'open') return;
    this.#session.ping();
    this.#planPing();
  };

  readonly #lookForAnswer = (): void => {
    this.#probeTimer = undefined;
    const isAnswered = this.#reportPackets();
    this.#probeLooks--;
    if (isAnswered || this.#probeLooks === 0 || this.#phase !== 'open') return;
    this.#probeTimer = setBackgroundTimer(this.#options.clock, this.#lookForAnswer, PROBE_LOOK_MS);
  };

  /** Reports packets of the peer as a sign of life. @returns whether any arrived since the last check */
  #reportPackets(): boolean {
    const { packetsIn = 0 } = this.#session.traffic() ?? {};
    const isHeard = packetsIn > this.#packetsIn;
    this.#packetsIn = packetsIn;
    if (isHeard && this.#phase === 'open') this.#batches.next([]);
    return isHeard;
  }

  #cut(fault: ConnectionLost, code: number, text: string): void {
    this.#unread.clear();
    if (this.#phase === 'over') this.#fault ??= fault; // the peer has left, and its earlier input is still being read
    this.#stopTimers();
    this.#session.close(code, text);
    this.#conclude(fault);
  }

  #stopTimers(): void {
    this.#stallDeadline?.clear();
    this.#graceDeadline?.clear();
    for (const timer of [this.#pingTimer, this.#probeTimer]) this.#options.clock.clearTimeout(timer);
  }

  /** Determines the end of `batches$`. Subscribers are notified later, never during their own call. */
  #conclude(fault: ConnectionLost | undefined): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#fault = fault;
    queueMicrotask(() => {
      this.#drained.complete();
      if (this.#unread.isEmpty) this.#tellEnd();
      else this.#read();
    });
  }

  #tellEnd(): void {
    if (this.#fault === undefined) this.#batches.complete();
    else this.#batches.error(this.#fault);
  }
}

const ENDED_WITHOUT_CLOSE = 'the peer ended its stream without a close message';

function first(stream: QuicStream): Uint8Array | null {
  return stream.read() as Uint8Array | null; // invariant: a stream without encoding or object mode returns bytes
}

function faultOf(end: QuicEnd): ConnectionLost {
  if (end.kind === 'lost') return new ConnectionLost(`the peer is gone: ${clipUtf8(end.text, MAX_REASON_BYTES)}`);
  if (end.code === quicCloseCodes.normal) {
    return new ConnectionLost('the peer closed the connection without a close message');
  }
  const text = end.text === '' ? '' : `: ${clipUtf8(end.text, MAX_REASON_BYTES)}`;
  return new ConnectionLost(`the peer cut the connection with code ${end.code}${text}`);
}
