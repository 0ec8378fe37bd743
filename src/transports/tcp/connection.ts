import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { LengthDeframer } from '../../protocol/length-deframer.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { ReadQuota } from '../../net/read-quota.js';
import { WriteProgress } from '../../net/write-progress.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import { STALL_LOOKS } from './constants.js';
import type { Peer } from '../../net/stream-server.js';

export interface TcpConnectionOptions {
  readonly maxFrameBytes: number;
  /** As in `TcpOptions`; undefined, or 0, where no peer can vanish without an end of its connection. */
  readonly pingIntervalMs?: number | undefined;
  readonly stallMs?: number | undefined;
  readonly clock: Clock;
}

/**
 * One peer behind a socket that allows half-open ends: TCP, TLS over it, or a pipe. The end of the peer's bytes is a loss, also
 * between two frames: the system of a peer sends it for a program that was killed, too. A peer that leaves says so in a CLASP
 * message. Our own close is the end of our bytes.
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
  /** Whether the socket has held bytes back since the last `drained$`. */
  #heldBack = false;
  /** `halfClosed`: the peer has ended its side, between two frames. `closing`: we have ended ours, or were cut. */
  #phase: 'open' | 'halfClosed' | 'closing' = 'open';
  /** What ends `batches$` with an error; undefined while nothing is wrong. */
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
    // Before the subscription a socket reads no more than its own small buffer. It may have been accepted paused.
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
    if (this.#socket.writableLength === 0) return; // the network took it all, at once
    this.#heldBack = true;
    if (this.#stallDeadline === undefined && this.#stallMs > 0) this.#watchStall();
  }

  /** The reason stays here: nothing on the wire could say it. */
  close(): void {
    if (this.#phase === 'closing' || this.#batches.ended) return;
    this.#phase = 'closing';
    this.#share.release(); // or the peer's end is never seen where nobody listened
    this.#socket.end(); // behind all that is buffered
    this.#startGrace();
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text));
  }

  /** One read of the network. */
  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase !== 'open') return;
    const frames = this.#take(bytes);
    this.#checkFraming();
    this.#share.spend(bytes.length, frames);
  };

  /** @returns how many frames there were */
  #take(bytes: Buffer): number {
    const frames = this.#deframer.push(bytes);
    if (frames.length > 0) this.#batches.next(frames);
    return frames.length;
  }

  /** Who listens may have closed in the middle of the batch; a fault behind it is then nobody's business. */
  #checkFraming(): void {
    const { fault } = this.#deframer;
    if (fault === undefined || this.#phase !== 'open') return;
    this.#fault = new ConnectionLost(`the peer broke the framing: ${fault.message}`, { cause: fault });
    this.close();
  }

  /**
   * The peer will send no more, but may still read: what its last frames bring about in this turn of the event loop goes
   * out before our own end, so that `printf ... | nc` gets its answers.
   */
  readonly #onEnd = (): void => {
    if (this.#phase !== 'open') return;
    const { pendingBytes } = this.#deframer;
    if (pendingBytes > 0) {
      this.#cut(new ConnectionLost(`the peer hung up inside a frame, after ${pendingBytes} bytes of it`));
      return;
    }
    this.#phase = 'halfClosed';
    this.#fault = new ConnectionLost('the peer ended the connection without a close message');
    setImmediate(() => {
      this.close();
    });
  };

  readonly #onError = (error: Error): void => {
    this.#socket.destroy(); // TLS reports a fault and leaves the socket as it is
    if (this.#phase !== 'open') return; // one of us was leaving anyway
    this.#fault ??= new ConnectionLost(`the connection broke: ${error.message}`, { cause: error });
  };

  /** Makes `drained$` true to its word: the socket's own `drain` comes only above a mark of 16 KiB. */
  readonly #onWritten = (): void => {
    if (!this.#heldBack || this.#socket.writableLength > 0 || this.#socket.destroyed) return;
    this.#heldBack = false;
    this.#drained.next();
  };

  /**
   * From here on the peer has to get on with it: as long as it takes what is buffered it may go on, then it has the grace
   * time to end its side.
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
   * Bytes wait. As long as the peer takes some of them it is alive, however slow, also if it sends nothing; a peer that takes none
   * for the whole time is gone or stands still.
   */
  #watchStall(): void {
    let stuck = 0;
    const arm = (): void => {
      this.#stallDeadline = setPeerDeadline(this.#clock, check, this.#stallMs / STALL_LOOKS);
    };
    const check = (): void => {
      this.#stallDeadline = undefined;
      if (this.#phase !== 'open') return; // the grace of the close has taken over
      const progress = this.#progress.look();
      if (progress === 'moved') this.#batches.next([]);
      stuck = progress === 'stuck' ? stuck + 1 : 0;
      if (stuck === STALL_LOOKS) {
        const waiting = this.#socket.writableLength;
        const text = `the peer took none of ${waiting} bytes that waited for ${this.#stallMs / 1_000} s`;
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

  /** The one end of every connection, whatever brought it about. */
  readonly #onClose = (): void => {
    this.#graceDeadline?.clear();
    this.#stallDeadline?.clear();
    // A reset that came before anybody listened: what was read ahead of it comes ahead of it.
    const rest = this.#socket.read() as Buffer | null; // no encoding is set on the socket
    if (this.#phase === 'open' && rest !== null) this.#take(rest);
    if (this.#phase === 'open') this.#fault ??= new ConnectionLost('the connection ended without a close message');
    this.#phase = 'closing';
    if (this.#fault === undefined) this.#batches.complete();
    else this.#batches.error(this.#fault);
    this.#drained.complete();
  };
}
