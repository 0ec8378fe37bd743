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
  /** Encoding of the peer's HELLO. */
  readonly encoding: 'binary' | 'cbor';
  readonly queue: SendQueue;
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  readonly clock: Clock;
  /** Called once, when datagrams of the peer no longer belong to this connection. */
  readonly onEnd: (connection: UdpConnection) => void;
}

/**
 * The exchange between this port and one address and port that has returned its cookie. UDP has no connection on the
 * wire. A HELLO starts this one. Another HELLO, silence or this side ends it. This side also answers a close message.
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
  /** Input since the last batch. */
  #frames: InboundFrame[] = [];
  #flushPlanned = false;
  #subscribed = false;
  #unreadBytes = 0;
  #lastHeardMs: number;
  #bufferedBytes = 0;
  #droppedFrames = 0;
  #noticedAtMs = -Infinity;
  /** Number of frames that were too large since the last notice. */
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

  /**
   * Number of frames that were not sent because they were too large or the queue was full, or dropped because there was
   * no subscriber.
   */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** Time of the peer's last datagram, in milliseconds of the clock. */
  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** Handles a datagram of the peer: one frame with any content. An empty one is a sign of life. */
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
    // Not a microtask: each datagram arrives in its own callback, and Node.js runs the microtasks after each, so a
    // batch would never contain two. The immediate runs after all datagrams in the socket, up to 32 at a time, were
    // read.
    setImmediate(this.#flush);
  }

  write(bytes: Uint8Array): void {
    if (this.#phase !== 'open') return;
    let at = 0;
    while (at < bytes.length) {
      // The contract guarantees complete frames. If a header were incomplete, the rest would be one datagram.
      const length = frameLength(bytes, at, bytes.length) ?? bytes.length - at;
      if (length > this.maxFrameBytes) this.#refuse(length);
      else this.#send(bytes.subarray(at, at + length));
      at += length;
    }
  }

  /**
   * UDP has no close. A router that stops sends ERROR 501. A peer that leaves gets its close message back, so that it
   * need not repeat it. For all other reasons the session has already sent an ERROR.
   */
  close({ kind, text }: CloseReason): void {
    if (this.#phase !== 'open') return;
    if (kind === 'goingAway') this.#sendError(ErrorCode.ServiceUnavailable, text);
    if (kind === 'normal') this.#sendError(ErrorCode.Closed, 'closed');
    this.#phase = 'closing';
    if (this.#bufferedBytes === 0) this.end();
    else this.#graceDeadline = setPeerDeadline(this.#options.clock, this.#expire, CLOSE_GRACE_MS);
  }

  /** Bytes that the system has not taken yet can still be sent: they cannot be withdrawn. */
  destroy(text = CUT_BY_THIS_SIDE): void {
    this.end(new ConnectionLost(text));
  }

  /** Ends the connection because the listener closes, and notifies the peer. */
  dismiss(text: string): void {
    if (this.#phase === 'open') this.#sendError(ErrorCode.ServiceUnavailable, text);
    this.end(new ConnectionLost(text));
  }

  /**
   * The only place where a connection ends. Subscribers are notified later, never during their own call.
   *
   * @param fault why the connection is lost, if it is
   */
  end(fault?: ConnectionLost): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#graceDeadline?.clear();
    this.#options.onEnd(this);
    queueMicrotask(() => {
      this.#flush(); // input before the end is delivered before the end
      if (fault === undefined) this.#batches.complete();
      else this.#batches.error(fault);
      this.#drained.complete();
    });
  }

  readonly #expire = (): void => {
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
   * Drops a frame that does not fit a datagram. The peer gets an ERROR at most once per second, with the number of
   * frames dropped in between.
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
    this.#sendError(
      ErrorCode.Overloaded,
      `Message of ${length} bytes does not fit a datagram of ${this.maxFrameBytes} bytes${more}`,
    );
  }

  #sendError(code: ErrorCode, message: string): void {
    const { encoding } = this.#options;
    this.#send(encodeFrame({ type: 'error', code, message }, { encoding }));
  }
}
