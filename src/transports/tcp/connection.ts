import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { countFrames } from '../../protocol/inbound.js';
import { LengthDeframer } from '../../protocol/length-deframer.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { ReadQuota } from '../../net/read-quota.js';
import { WriteProgress } from '../../net/write-progress.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import { STALL_LOOKS } from './constants.js';
import type { Peer } from '../../net/stream-server.js';

export interface TcpConnectionOptions {
  readonly maxFrameBytes: number;
  /** Same as in `TcpOptions`. Undefined or 0 if a peer cannot vanish without an end of its connection. */
  readonly pingIntervalMs?: number | undefined;
  readonly stallMs?: number | undefined;
  readonly clock: Clock;
}

/**
 * One peer on a socket that allows half-open ends: TCP, TLS or a pipe. The end of the peer's bytes is a loss, even
 * between two frames, because the system sends it for a killed program too. A peer that leaves sends a CLASP close
 * message. This side closes by ending its bytes.
 */
export class TcpConnection implements Connection {
  readonly transport: 'tcp' | 'pipe';
  readonly framing = 'length';
  readonly encoding = undefined;
  readonly remoteAddress: string;
  readonly batches$: Observable<readonly InboundFrame[]>;
  readonly drained$: Observable<void>;

  readonly pingIntervalMs: number | undefined;

  readonly #peer: Peer;
  readonly #socket: Peer['socket'];
  readonly #clock: Clock;
  readonly #deframer: LengthDeframer;
  readonly #share: ReadQuota;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #drained = new Subject<void>();
  /** Whether the socket has buffered bytes since the last `drained$`. */
  #heldBack = false;
  /** `halfClosed`: the peer has ended its side between two frames. `closing`: this side has ended, or was cut. */
  #phase: 'open' | 'halfClosed' | 'closing' = 'open';
  /** Error with which `batches$` will end, if any. */
  #fault: ConnectionLost | undefined;
  #graceDeadline: PeerDeadline | undefined;
  readonly #stallMs: number;
  readonly #progress: WriteProgress;
  #stallDeadline: PeerDeadline | undefined;

  constructor(peer: Peer, { maxFrameBytes, pingIntervalMs, stallMs = 0, clock }: TcpConnectionOptions) {
    const { socket } = peer;
    this.transport = peer.transport;
    this.remoteAddress = peer.remoteAddress;
    this.#peer = peer;
    this.#socket = socket;
    this.#clock = clock;
    this.#deframer = new LengthDeframer(maxFrameBytes);
    this.#share = new ReadQuota(socket);
    this.pingIntervalMs = pingIntervalMs === 0 ? undefined : pingIntervalMs;
    this.#stallMs = stallMs;
    this.#progress = new WriteProgress(socket);
    // Before the subscription, a socket reads only its own small buffer. It may have been accepted paused.
    this.#batches = new BufferedSubject(() => socket.on('data', this.#onData).resume());
    this.batches$ = this.#batches.observable;
    this.drained$ = this.#drained.asObservable();
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  get bufferedBytes(): number {
    return this.#batches.ended ? 0 : this.#socket.writableLength;
  }

  hold(): void {
    if (this.#phase === 'open') this.#share.hold();
  }

  release(): void {
    this.#share.release();
  }

  write(bytes: Uint8Array): void {
    if (this.#phase === 'closing' || this.#socket.destroyed) return;
    this.#socket.write(bytes, this.#onWritten);
    if (this.#socket.writableLength === 0) return; // the network took all bytes immediately
    this.#heldBack = true;
    if (this.#stallDeadline === undefined && this.#stallMs > 0) this.#watchStall();
  }

  /** The reason is not transmitted, because the framing has no field for it. */
  close(): void {
    if (this.#phase === 'closing' || this.#batches.ended) return;
    this.#phase = 'closing';
    this.#share.release(); // otherwise the peer's end is never read if there is no subscriber
    this.#socket.end(); // after all buffered bytes
    this.#startGrace();
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text));
  }

  /** Handles one read of the network. */
  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase !== 'open') return;
    const frames = this.#take(bytes);
    this.#checkFraming();
    this.#share.spend(bytes.length, frames);
  };

  /** @returns the number of frames */
  #take(bytes: Buffer): number {
    const frames = this.#deframer.pushRuns(bytes);
    if (frames.length > 0) this.#batches.next(frames);
    return countFrames(frames);
  }

  /** A subscriber may have closed the connection during the batch. A later fault is then irrelevant. */
  #checkFraming(): void {
    const { fault } = this.#deframer;
    if (fault === undefined || this.#phase !== 'open') return;
    this.#fault = new ConnectionLost(`the peer violated the framing: ${fault.message}`, { cause: fault });
    this.close();
  }

  /**
   * The peer sends no more but can still read. Answers to its last frames in this turn of the event loop are sent
   * before the end of this side, so `printf ... | nc` receives its answers.
   */
  readonly #onEnd = (): void => {
    if (this.#phase !== 'open') return;
    const { pendingBytes } = this.#deframer;
    if (pendingBytes > 0) {
      this.#cut(new ConnectionLost(`the peer disconnected inside a frame, after ${pendingBytes} of its bytes`));
      return;
    }
    this.#phase = 'halfClosed';
    this.#fault = new ConnectionLost('the peer ended the connection without a close message');
    setImmediate(() => {
      this.close();
    });
  };

  readonly #onError = (error: Error): void => {
    this.#socket.destroy(); // TLS reports an error without destroying the socket
    if (this.#phase !== 'open') return; // one side was closing anyway
    this.#fault ??= new ConnectionLost(`the connection failed: ${error.message}`, { cause: error });
  };

  /** Emits `drained$` when the buffer is empty. The socket's own `drain` is emitted only above a mark of 16 KiB. */
  readonly #onWritten = (): void => {
    if (!this.#heldBack || this.#socket.writableLength > 0 || this.#socket.destroyed) return;
    this.#heldBack = false;
    this.#drained.next();
  };

  /**
   * Starts the closing phase. While the peer reads buffered bytes, it can continue. After that it has the grace period
   * to end its side.
   */
  #startGrace(): void {
    this.#progress.look();
    const arm = (): void => {
      this.#graceDeadline = setPeerDeadline(this.#clock, check, CLOSE_GRACE_MS);
    };
    const check = (): void => {
      if (this.#progress.look() === 'moved') arm();
      else this.#peer.cut();
    };
    arm();
  }

  /**
   * Watches buffered bytes. While the peer reads some of them, it is alive, even if it is slow or sends nothing. A peer
   * that reads none for the whole time has disconnected or is frozen.
   */
  #watchStall(): void {
    let stuck = 0;
    const arm = (): void => {
      this.#stallDeadline = setPeerDeadline(this.#clock, check, this.#stallMs / STALL_LOOKS);
    };
    const check = (): void => {
      this.#stallDeadline = undefined;
      if (this.#phase !== 'open') return; // the grace period of the close applies now
      const progress = this.#progress.look();
      if (progress === 'moved') this.#batches.next([]);
      stuck = progress === 'stuck' ? stuck + 1 : 0;
      if (stuck === STALL_LOOKS) {
        const waiting = this.#socket.writableLength;
        const text = `the peer read none of ${waiting} queued bytes for ${this.#stallMs / 1_000} s`;
        this.#cut(new ConnectionLost(text));
      } else if (this.#socket.writableLength > 0) {
        arm();
      }
    };
    this.#progress.look();
    arm();
  }

  #cut(fault: ConnectionLost): void {
    if (this.#batches.ended) return;
    this.#fault ??= fault;
    this.#phase = 'closing';
    this.#peer.cut();
  }

  /** The only place where a connection ends, for any reason. */
  readonly #onClose = (): void => {
    this.#graceDeadline?.clear();
    this.#stallDeadline?.clear();
    // If a reset came before the subscription, earlier input is delivered before it.
    const rest = this.#socket.read() as Buffer | null; // invariant: no encoding is set on the socket
    if (this.#phase === 'open' && rest !== null) this.#take(rest);
    if (this.#phase === 'open') this.#fault ??= new ConnectionLost('the connection ended without a close message');
    this.#phase = 'closing';
    if (this.#fault === undefined) this.#batches.complete();
    else this.#batches.error(this.#fault);
    this.#drained.complete();
  };
}
