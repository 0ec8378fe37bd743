import type { Socket } from 'node:net';
import { type Observable, Subject } from 'rxjs';
import { type RawData, WebSocket } from 'ws';
import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { judgeAfterInput, type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { TokenBucket } from '../../util/token-bucket.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { ReadQuota } from '../../net/read-quota.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import { WriteProgress } from '../../net/write-progress.js';
import { LeanReader } from './lean-reader.js';
import type { UnfinishedConnection, UnfinishedMessages } from './unfinished-messages.js';
import { onWsClose, replaceWsListener } from './ws-listeners.js';
import {
  ABNORMAL_CLOSURE,
  closeCodes,
  leavingCodes,
  MAX_CONTROL_FRAMES_PER_SECOND,
  MAX_MISSED_PONGS,
} from './constants.js';

export interface WebSocketConnectionOptions {
  readonly encoding: 'cbor' | undefined;
  readonly remoteAddress: string;
  readonly isForwarded: boolean;
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly clock: Clock;
  /** Shared by all connections of the port. */
  readonly unfinished: UnfinishedMessages;
}

/**
 * One WebSocket peer. `ws` performs the handshake and the close, answers pings, and reads all frames except plain ones.
 * A {@link LeanReader} reads complete binary messages before `ws`. The router's output is already framed and is written
 * to the TCP socket directly. That is safe because nothing is compressed: `ws` writes each of its frames in one call,
 * so the two never mix inside a frame.
 */
export class WebSocketConnection implements Connection {
  readonly transport = 'websocket';
  readonly framing = 'websocket';
  readonly encoding: 'cbor' | undefined;
  readonly remoteAddress: string;
  readonly isForwarded: boolean;
  readonly batches$: Observable<readonly InboundFrame[]>;
  readonly drained$: Observable<void>;

  readonly #peer: WebSocket;
  readonly #socket: Socket;
  readonly #options: WebSocketConnectionOptions;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #drained = new Subject<void>();
  readonly #share: ReadQuota;
  /** Input since the last batch. */
  #frames: InboundFrame[] = [];
  #flushPlanned = false;
  /**
   * Whether the socket has buffered bytes since the last `drained$`, and the number of writes that wait for their
   * callback.
   */
  #heldBack = false;
  #unfinishedWrites = 0;
  #unansweredPings = 0;
  readonly #progress: WriteProgress;
  /** Limit for the peer's control frames. Created for the first one, which most peers never send. */
  #controlFrames: TokenBucket | undefined;
  /** Bytes of an incomplete message that `ws` stores. */
  #unfinishedBytes = 0;
  #notedBytes = 0;
  readonly #unfinished: UnfinishedConnection = {
    onTooMuch: (text) => {
      this.#cut(new ConnectionLost(text));
    },
  };
  /** Whether this side is closing. Further input of the peer is dropped. */
  #closing = false;
  /** Error with which `batches$` will end, if any. */
  #fault: ConnectionLost | undefined;
  #isPinging = false;
  #pingTimer: unknown;
  /** Set while too many pings are unanswered: the pong can be in unread input. */
  #pongDeadline: PeerDeadline | undefined;
  #graceDeadline: PeerDeadline | undefined;

  constructor(peer: WebSocket, socket: Socket, options: WebSocketConnectionOptions) {
    this.#peer = peer;
    this.#socket = socket;
    this.#options = options;
    this.#progress = new WriteProgress(socket);
    this.#share = new ReadQuota(socket);
    this.encoding = options.encoding;
    this.remoteAddress = options.remoteAddress;
    this.isForwarded = options.isForwarded;
    this.#batches = new BufferedSubject(this.#startReading);
    this.batches$ = this.#batches.observable;
    this.drained$ = this.#drained.asObservable();
    peer.pause(); // nothing is read before the subscription
    this.#readPast(socket);
    peer.on('message', this.#onMessage);
    peer.on('ping', this.#onControlFrame);
    peer.on('pong', this.#onControlFrame);
    peer.on('error', this.#onProtocolError);
    socket.on('error', this.#onSocketError);
    // The peer has ended its side, and `ws` ends this side (sockets of an upgrade are half-open and would otherwise
    // stay open). Buffered bytes are still sent, but a peer that does not read must not keep the socket.
    onWsClose(peer, socket, { onEnd: this.#startGrace, onClose: this.#onClose });
  }

  get bufferedBytes(): number {
    return this.#batches.ended ? 0 : this.#socket.writableLength;
  }

  hold(): void {
    if (!this.#closing && !this.#batches.ended) this.#share.hold();
  }

  release(): void {
    if (!this.#batches.ended) this.#share.release();
  }

  write(bytes: Uint8Array): void {
    if (this.#peer.readyState !== WebSocket.OPEN) return;
    this.#unfinishedWrites++;
    this.#socket.write(bytes, this.#onWritten);
    if (this.#socket.writableLength > 0) this.#heldBack = true; // otherwise the network took all bytes immediately
  }

  close(reason: CloseReason): void {
    if (this.#closing || this.#batches.ended) return;
    this.#closing = true;
    this.#share.release();
    this.#peer.resume(); // otherwise the peer's answer is never read if there is no subscriber
    this.#peer.close(closeCodes[reason.kind], clipUtf8(reason.text, MAX_REASON_BYTES)); // after all buffered bytes
    this.#startGrace();
  }

  probe(): void {
    if (this.#peer.readyState === WebSocket.OPEN) this.#peer.ping();
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text));
  }

  readonly #startReading = (): void => {
    this.#peer.resume();
    if (this.#options.pingIntervalMs === 0 || this.#graceDeadline !== undefined) return;
    // The clock detects a stall of the process only while it is watched, and pings are rare.
    this.#isPinging = true;
    ClockWatch.of(this.#options.clock).acquire();
    this.#planPing();
  };

  /**
   * Puts the lean reader before `ws`, which removes it when the connection closes or fails. From then on nothing is
   * read.
   */
  #readPast(socket: Socket): void {
    const share = this.#share;
    replaceWsListener<[Buffer]>(socket, 'data', (listener) => {
      let frames = 0;
      const reader = new LeanReader({
        maxFrameBytes: this.#options.maxFrameBytes,
        onMessages: (messages) => {
          if (this.#closing) return;
          this.#frames.push(messages);
          frames += messages instanceof FrameRun ? messages.count : 1;
          this.#onSignOfLife();
        },
        leave: (bytes) => {
          this.#unfinishedBytes += bytes.length;
          listener(bytes); // a complete message arrives during this call
          this.#noteUnfinished();
        },
      });
      const onData = (chunk: Buffer): void => {
        frames = 0;
        reader.push(chunk);
        share.spend(chunk.length, frames);
      };
      // When a paused socket closes, `ws` would read its remaining bytes itself, bypassing the reader and perhaps
      // inside a frame.
      socket.prependListener('close', () => {
        const rest: unknown = socket.listenerCount('data') > 0 ? socket.read() : null;
        if (rest instanceof Buffer) onData(rest);
      });
      return onData;
    });
  }

  /** Records the bytes that `ws` stores of an incomplete message. */
  #noteUnfinished(): void {
    const bytes = this.#batches.ended ? 0 : this.#unfinishedBytes;
    if (bytes === this.#notedBytes) return;
    this.#notedBytes = bytes;
    this.#options.unfinished.set(this.#unfinished, bytes);
  }

  /**
   * Handles messages that `ws` reads. All messages of one TCP read arrive synchronously. The microtask after them makes
   * one batch.
   */
  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    this.#unfinishedBytes = 0;
    if (this.#closing) return;
    const bytes = data as Buffer; // invariant: binaryType is 'nodebuffer', the default of `ws`
    if (isBinary && bytes.length > this.#options.maxFrameBytes) {
      this.#fault = new ConnectionLost(
        `the peer sent a frame of ${bytes.length} bytes; the limit is ${this.#options.maxFrameBytes}`,
      );
      this.close({ kind: 'tooLarge', text: `a frame has at most ${this.#options.maxFrameBytes} bytes` });
      return;
    }
    this.#frames.push(isBinary ? bytes : bytes.toString('utf8'));
    this.#onSignOfLife();
  };

  /** Handles a ping or a pong. They cost as much as messages, and no other limit covers them. */
  readonly #onControlFrame = (data: Buffer): void => {
    this.#unfinishedBytes = Math.max(0, this.#unfinishedBytes - data.length - CONTROL_HEADER_BYTES);
    if (this.#closing) return;
    const nowMs = this.#options.clock.now();
    this.#controlFrames ??= new TokenBucket({ perSecond: MAX_CONTROL_FRAMES_PER_SECOND }, nowMs);
    if (this.#controlFrames.take(nowMs)) {
      this.#onSignOfLife();
      return;
    }
    this.#fault = new ConnectionLost(
      `the peer sent more than ${MAX_CONTROL_FRAMES_PER_SECOND} pings and pongs in one second`,
    );
    this.close({ kind: 'policy', text: `at most ${MAX_CONTROL_FRAMES_PER_SECOND} pings and pongs per second` });
  };

  readonly #onSignOfLife = (): void => {
    this.#unansweredPings = 0;
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(this.#flush);
  };

  readonly #flush = (): void => {
    if (!this.#flushPlanned) return;
    this.#flushPlanned = false;
    const frames = this.#frames;
    this.#frames = [];
    this.#batches.next(frames);
  };

  /** Emits `drained$` when the buffer is empty. The socket's own `drain` is emitted only above a mark of 16 KiB. */
  readonly #onWritten = (): void => {
    this.#unfinishedWrites--;
    if (!this.#heldBack || this.#unfinishedWrites > 0 || this.#peer.readyState !== WebSocket.OPEN) return;
    if (this.#socket.writableLength > 0) {
      // A ping or pong of `ws` follows the last write. The callback of an empty write runs after it.
      this.#unfinishedWrites++;
      this.#socket.write(NOTHING, this.#onWritten);
      return;
    }
    this.#heldBack = false;
    this.#drained.next();
  };

  #planPing(): void {
    const { clock, pingIntervalMs } = this.#options;
    this.#pingTimer = setBackgroundTimer(clock, this.#ping, pingIntervalMs);
  }

  #stopPinging(): void {
    if (!this.#isPinging) return;
    this.#isPinging = false;
    const { clock } = this.#options;
    clock.clearTimeout(this.#pingTimer);
    this.#pongDeadline?.clear();
    ClockWatch.of(clock).release();
  }

  readonly #ping = (): void => {
    // A pong is queued behind the peer's other bytes: while the peer reads some of those, it is alive.
    if (this.#progress.look() === 'moved') this.#onSignOfLife();
    if (this.#unansweredPings < MAX_MISSED_PONGS) this.#unansweredPings++;
    else this.#pongDeadline ??= judgeAfterInput(this.#options.clock, this.#judgeSilence);
    this.#peer.ping();
    this.#planPing();
  };

  readonly #judgeSilence = (): void => {
    this.#pongDeadline = undefined;
    if (this.#unansweredPings < MAX_MISSED_PONGS) return; // it answered meanwhile
    this.#cut(new ConnectionLost(`the peer answered none of ${MAX_MISSED_PONGS} pings`));
  };

  /**
   * Starts the closing phase. While the peer reads buffered bytes, it can continue. After that it has the grace period
   * to answer. `ws` cuts the connection after 30 s in any case.
   */
  readonly #startGrace = (): void => {
    if (this.#graceDeadline !== undefined || this.#batches.ended) return;
    this.#stopPinging();
    this.#progress.look();
    const arm = (): void => {
      this.#graceDeadline = setPeerDeadline(this.#options.clock, check, CLOSE_GRACE_MS);
    };
    const check = (): void => {
      if (this.#progress.look() === 'moved') arm();
      else this.#peer.terminate();
    };
    arm();
  };

  /** Handles invalid frames and oversized messages. `ws` has already sent its close code and completes the close. */
  readonly #onProtocolError = (error: Error): void => {
    this.#fault ??= new ConnectionLost(`the peer violated the WebSocket protocol: ${error.message}`, { cause: error });
    this.#closing = true;
    this.#startGrace();
  };

  readonly #onSocketError = (error: Error): void => {
    if (this.#closing) return; // this side was closing anyway
    this.#fault ??= new ConnectionLost(`the connection failed: ${error.message}`, { cause: error });
  };

  #cut(fault: ConnectionLost): void {
    if (this.#batches.ended) return;
    this.#fault ??= fault;
    this.#peer.terminate();
  }

  /** The only place where a connection ends, for any reason. */
  readonly #onClose = (code: number): void => {
    this.#stopPinging();
    this.#unfinishedBytes = 0;
    this.#noteUnfinished();
    this.#graceDeadline?.clear();
    this.#flush(); // input before the end is delivered before the end
    const fault = this.#fault ?? (this.#closing || leavingCodes.has(code) ? undefined : lossOf(code));
    if (fault === undefined) this.#batches.complete();
    else this.#batches.error(fault);
    this.#drained.complete();
  };
}

/**
 * Returns the fault for a close code that is not one of {@link leavingCodes}. The peer's text is omitted: it must not
 * reach the log.
 */
function lossOf(code: number): ConnectionLost {
  const text =
    code === ABNORMAL_CLOSURE ? 'the connection ended without a Close frame' : `the peer closed with code ${code}`;
  return new ConnectionLost(text);
}

/** Bytes of a masked ping or pong besides its payload: opcode, length and mask. */
const CONTROL_HEADER_BYTES = 6;
const NOTHING = new Uint8Array(0);
