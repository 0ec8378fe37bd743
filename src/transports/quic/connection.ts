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
  /** Milliseconds a peer that answers may take nothing of what is buffered. */
  readonly stallMs: number;
  /** Milliseconds between pings; 0 sends none. */
  readonly pingIntervalMs: number;
  readonly clock: Clock;
  readonly unreadInAll: UnreadInAll;
  /** Of the port, where it has datagrams. */
  readonly datagramQueue: DatagramQueue | undefined;
}

/**
 * One QUIC peer and the stream it opened. A side that closes ends its half of the stream; when the other side has read all of
 * it and ended its own half, the connection is closed, with the reason as its code. Closing it at once would drop what is
 * still on the way. That a peer leaves it says in a CLASP message before that: the end of its stream and the code 0 are a
 * loss, because QUIC libraries send both for a program that fails.
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
  /** `leaving`: we have said goodbye and wait for the peer's. `over`: what `batches$` ends with is settled. */
  #phase: 'open' | 'leaving' | 'over' = 'open';
  /** The peer has ended its half of the stream, and what it sent before is perhaps not read yet. */
  #peerEnded = false;
  #subscribed = false;
  /** What may still be read in this turn of the event loop. */
  #readable = READ_BYTES_PER_TURN;
  #turnPlanned = false;
  /** Whether the stream has held bytes back since the last `drained$`. */
  #heldBack = false;
  /** Looks in a row at which the peer was heard and took nothing. */
  #stalls = 0;
  #packetsIn = 0;
  /** How the QUIC connection is to be closed, once the goodbyes are said. */
  #closeReason: CloseReason = { kind: 'normal', text: '' };
  #fault: ConnectionLost | undefined;
  /** Looks for the answer to a probe that are left. */
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
    // Read here and now, not by the first turn of 'data': a close in the same packet would take it away before that.
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
    if (this.#stream.writableLength === 0) return; // taken, at once
    this.#heldBack = true;
    if (this.#stallDeadline === undefined) this.#startWatching();
  }

  close(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.#unread.clear();
    this.#closeReason = reason;
    if (this.#peerEnded) return this.#endAfterPeer(undefined);
    this.#phase = 'leaving';
    this.#stream.end(); // behind all that is buffered
    this.#startGrace();
  }

  /** Sends a QUIC PING and looks for packets of the peer during the next seconds: the library reports no answer by itself. */
  probe(): void {
    if (this.#phase !== 'open') return;
    this.#packetsIn = this.#session.traffic()?.packetsIn ?? this.#packetsIn; // what came before is no answer
    this.#session.ping();
    this.#probeLooks = PROBE_LOOKS;
    this.#probeTimer ??= setBackgroundTimer(this.#options.clock, this.#lookForAnswer, PROBE_LOOK_MS);
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text), ABORTED, '');
  }

  /** A datagram of the peer. As long as nobody reads, it is lost. */
  receiveDatagram(bytes: Uint8Array): void {
    if (this.#subscribed && this.#phase === 'open') this.#datagrams?.receive(bytes);
  }

  /** The QUIC connection is over. What came before is still handed on. */
  sessionClosed(end: QuicEnd): void {
    this.#stopTimers();
    this.#conclude(this.#phase === 'leaving' ? undefined : faultOf(end));
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#phase !== 'open') return;
    if (this.#unread.push(chunk)) {
      this.#read();
    } else {
      const text = 'more came than can be read';
      this.#cut(new ConnectionLost(`the peer floods: ${text}`), quicCloseCodes.overloaded, text);
    }
  };

  /**
   * Hands on what came, a little in each turn: the library calls with up to a thousand lots in one go, and a peer that sends
   * as fast as it can must not keep everybody else, and every timer, waiting for tens of seconds.
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
      const fault = new ConnectionLost(`the peer sent bytes that are no frame: ${error.message}`, { cause: error });
      this.#cut(fault, quicCloseCodes.protocol, 'bytes that are no frame');
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

  /** The peer ended its half: its answer to our goodbye, or its own goodbye. */
  readonly #onPeerEnded = (): void => {
    if (this.#phase === 'leaving') {
      // It may have left before it heard of us; then the grace time goes on for what we still have.
      if (this.#stream.writableFinished) this.#part();
      return;
    }
    if (this.#phase === 'over') return;
    this.#peerEnded = true;
    this.#read();
  };

  /** A turn of the event loop after the last frames of a peer that has ended its half, so that it gets the answers to them. */
  readonly #answerEnd = (): void => {
    if (this.#phase === 'open') this.#endAfterPeer(new ConnectionLost(ENDED_WITHOUT_CLOSE));
  };

  /** Ends our half, and gives the peer, which has ended its own, the grace time to take the rest and close. */
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

  /** As long as the peer takes what is buffered it may go on; then it has the grace time to answer. */
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
   * A stream that gets nowhere. Two things look alike to the router, which waits for `drained$` in both: a peer that is frozen
   * or out of reach, which is kept as any slow one until QUIC itself gives it up; and one whose QUIC answers pings while its
   * stream stands still, because the library has missed that there is room again. That one would stand still for ever, so
   * it is cut off and may come back. So is a program that does not read for that long: from here nobody can tell.
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
      const text = `the peer took nothing for ${stallMs / 1_000} s`;
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

  /** Keeps an idle connection alive; the answers to the ping before are a sign of life to the session. */
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

  /** Packets of the peer are a sign of life. @returns whether any came since the last look */
  #reportPackets(): boolean {
    const { packetsIn = 0 } = this.#session.traffic() ?? {};
    const isHeard = packetsIn > this.#packetsIn;
    this.#packetsIn = packetsIn;
    if (isHeard && this.#phase === 'open') this.#batches.next([]);
    return isHeard;
  }

  #cut(fault: ConnectionLost, code: number, text: string): void {
    this.#unread.clear();
    if (this.#phase === 'over') this.#fault ??= fault; // the peer has left, and what it had sent is being read still
    this.#stopTimers();
    this.#session.close(code, text);
    this.#conclude(fault);
  }

  #stopTimers(): void {
    this.#stallDeadline?.clear();
    this.#graceDeadline?.clear();
    for (const timer of [this.#pingTimer, this.#probeTimer]) this.#options.clock.clearTimeout(timer);
  }

  /** Settles how `batches$` ends. Told later: nobody is called back from inside his own call. */
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
  return stream.read() as Uint8Array | null; // a stream without an encoding or object mode gives bytes
}

function faultOf(end: QuicEnd): ConnectionLost {
  if (end.kind === 'lost') return new ConnectionLost(`the peer is gone: ${clipUtf8(end.text, MAX_REASON_BYTES)}`);
  if (end.code === quicCloseCodes.normal) {
    return new ConnectionLost('the peer closed the connection without a close message');
  }
  const text = end.text === '' ? '' : `: ${clipUtf8(end.text, MAX_REASON_BYTES)}`;
  return new ConnectionLost(`the peer cut the connection with code ${end.code}${text}`);
}
