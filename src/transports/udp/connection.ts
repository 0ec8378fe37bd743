import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { ErrorCode } from '../../protocol/errors.js';
import { encodeFrame, frameLength } from '../../protocol/frame.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { remoteAddressOf } from '../../net/remote-address.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import type { CloseReason } from '../../util/close-reason.js';
import { MAX_UNREAD_BYTES, NOTICE_INTERVAL_MS, UNREAD_OVERHEAD_BYTES } from './constants.js';
import type { Source } from './cookie.js';
import type { SendQueue } from './send-queue.js';

export interface UdpConnectionOptions {
  readonly peer: Source;
  /** What the peer's HELLO was written in. */
  readonly encoding: 'binary' | 'cbor';
  readonly queue: SendQueue;
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  readonly clock: Clock;
  /** Called once, when datagrams of the peer are no longer this connection's. */
  readonly onEnd: (connection: UdpConnection) => void;
}

/**
 * What goes on between this port and one address and port that has shown its cookie. There is no connection on the wire:
 * it is made by a HELLO, and ends by another HELLO, by silence, or by this side, which also answers a close message.
 */
export class UdpConnection implements Connection {
  readonly transport = 'udp';
  readonly framing = 'raw';
  readonly encoding = undefined;
  readonly peer: Source;
  readonly remoteAddress: string;
  readonly maxFrameBytes: number;
  readonly batches$: Observable<readonly InboundFrame[]>;
  readonly drained$: Observable<void>;

  readonly #options: UdpConnectionOptions;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #drained = new Subject<void>();
  #phase: 'open' | 'closing' | 'ended' = 'open';
  /** What came in since the last batch. */
  #frames: InboundFrame[] = [];
  #flushPlanned = false;
  #subscribed = false;
  #unreadBytes = 0;
  #lastHeardMs: number;
  #bufferedBytes = 0;
  #droppedFrames = 0;
  #noticedAtMs = -Infinity;
  /** Frames that were too large since the last notice. */
  #unnoticed = 0;
  #graceDeadline: PeerDeadline | undefined;

  constructor(options: UdpConnectionOptions) {
    this.#options = options;
    this.peer = options.peer;
    this.remoteAddress = remoteAddressOf(options.peer.address, options.peer.port);
    this.maxFrameBytes = options.maxFrameBytes;
    this.#lastHeardMs = options.clock.now();
    this.#batches = new BufferedSubject(() => {
      this.#subscribed = true;
    });
    this.batches$ = this.#batches.observable;
    this.drained$ = this.#drained.asObservable();
  }

  get bufferedBytes(): number {
    return this.#phase === 'ended' ? 0 : this.#bufferedBytes;
  }

  /** Frames that were not sent because they were too large or the queue was full, or not kept because nobody subscribed. */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** When the peer was last heard, in milliseconds of the clock. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** A datagram of the peer: one frame, whatever is in it. An empty one is a sign of life. */
  receive(datagram: Uint8Array): void {
    this.#lastHeardMs = this.#options.clock.now();
    if (this.#phase !== 'open') return;
    if (!this.#subscribed) {
      this.#unreadBytes += datagram.length + UNREAD_OVERHEAD_BYTES;
      if (this.#unreadBytes > MAX_UNREAD_BYTES) {
        this.#droppedFrames++;
        return;
      }
    }
    if (datagram.length > 0) this.#frames.push(datagram);
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    // Not a microtask: each datagram comes in a callback of its own, and Node runs the microtasks after each, so one would
    // never see two. The immediate runs when all that was waiting in the socket, up to 32 datagrams at a time, has been read.
    setImmediate(this.#flush);
  }

  write(bytes: Uint8Array): void {
    if (this.#phase !== 'open') return;
    let at = 0;
    while (at < bytes.length) {
      // Whole frames, says the contract; were the header cut off, the rest would be one datagram.
      const length = frameLength(bytes, at, bytes.length) ?? bytes.length - at;
      if (length > this.maxFrameBytes) this.#refuse(length);
      else this.#send(bytes.subarray(at, at + length));
      at += length;
    }
  }

  /**
   * UDP itself has no close. A router that goes away sends ERROR 501. A peer that leaves gets its close message back, so that it
   * need not repeat it. Every other reason the session has sent in an ERROR of its own.
   */
  close({ kind, text }: CloseReason): void {
    if (this.#phase !== 'open') return;
    if (kind === 'goingAway') this.#tell(ErrorCode.ServiceUnavailable, text);
    if (kind === 'normal') this.#tell(ErrorCode.Closed, 'closed');
    this.#phase = 'closing';
    if (this.#bufferedBytes === 0) this.end();
    else this.#graceDeadline = setPeerDeadline(this.#options.clock, this.#giveUp, CLOSE_GRACE_MS);
  }

  /** What the system has not taken yet it may still send: there is no way to take it back. */
  destroy(text = CUT_BY_THIS_SIDE): void {
    this.end(new ConnectionLost(text));
  }

  /** For a listener that closes: the peer is told, and it is over. */
  dismiss(text: string): void {
    if (this.#phase === 'open') this.#tell(ErrorCode.ServiceUnavailable, text);
    this.end(new ConnectionLost(text));
  }

  /**
   * The one end of every connection, told later: nobody is called back from inside his own call.
   *
   * @param fault why it is lost, if so
   */
  end(fault?: ConnectionLost): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#graceDeadline?.clear();
    this.#options.onEnd(this);
    queueMicrotask(() => {
      this.#flush(); // what came before the end comes before the end
      if (fault === undefined) this.#batches.complete();
      else this.#batches.error(fault);
      this.#drained.complete();
    });
  }

  readonly #giveUp = (): void => {
    this.end();
  };

  readonly #flush = (): void => {
    if (!this.#flushPlanned) return;
    this.#flushPlanned = false;
    const frames = this.#frames;
    this.#frames = [];
    this.#batches.next(frames);
  };

  #send(frame: Uint8Array): void {
    const { queue, maxQueuedBytes } = this.#options;
    const isFull = this.#bufferedBytes > 0 && this.#bufferedBytes + frame.length > maxQueuedBytes;
    const fate = isFull ? 'dropped' : queue.send(frame, this.peer, this.#onTaken);
    if (fate === 'held') this.#bufferedBytes += frame.length;
    else if (fate === 'dropped') this.#droppedFrames++;
  }

  readonly #onTaken = (length: number): void => {
    this.#bufferedBytes -= length;
    if (this.#bufferedBytes > 0 || this.#phase === 'ended') return;
    this.#drained.next();
    if (this.#phase === 'closing') this.end();
  };

  /**
   * Drops a frame that fits no datagram. The peer gets an ERROR at most once per second, with the number of those in
   * between.
   */
  #refuse(length: number): void {
    this.#droppedFrames++;
    const now = this.#options.clock.now();
    if (now - this.#noticedAtMs < NOTICE_INTERVAL_MS) {
      this.#unnoticed++;
      return;
    }
    const more = this.#unnoticed === 0 ? '' : `; ${this.#unnoticed} more were dropped since the last notice`;
    this.#noticedAtMs = now;
    this.#unnoticed = 0;
    this.#tell(
      ErrorCode.Overloaded,
      `Message of ${length} bytes does not fit a datagram of ${this.maxFrameBytes} bytes${more}`,
    );
  }

  #tell(code: ErrorCode, message: string): void {
    const { encoding } = this.#options;
    this.#send(encodeFrame({ type: 'error', code, message }, { encoding }));
  }
}
