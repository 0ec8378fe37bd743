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
  /** Of all connections of the port. */
  readonly unfinished: UnfinishedMessages;
}

/**
 * One WebSocket peer. `ws` does the handshake and the closing, answers pings, and reads whatever is not plain; whole binary
 * messages are read ahead of it by a {@link LeanReader}. What the router sends is framed already and goes to the TCP socket
 * past `ws`. That is safe because nothing is compressed: `ws` writes each frame of its own in one go, so the two never mix
 * inside a frame.
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
  /** What came in since the last batch. */
  #frames: InboundFrame[] = [];
  #flushPlanned = false;
  /** Whether the socket has held bytes back since the last `drained$`, and how many writes wait for their callback. */
  #heldBack = false;
  #unfinishedWrites = 0;
  #unansweredPings = 0;
  readonly #progress: WriteProgress;
  /** Of the peer; made when the first comes, which for most is never. */
  #controlFrames: TokenBucket | undefined;
  /** Bytes that ws has of a message that is not complete. */
  #unfinishedBytes = 0;
  #notedBytes = 0;
  readonly #unfinished: UnfinishedConnection = {
    onTooMuch: (text) => {
      this.#cut(new ConnectionLost(text));
    },
  };
  /** We are closing: what the peer still says is dropped. */
  #closing = false;
  /** What ends `batches$` with an error; undefined while nothing is wrong. */
  #fault: ConnectionLost | undefined;
  #isPinging = false;
  #pingTimer: unknown;
  /** Set while too many pings are unanswered: the pong may be among the input that waits. */
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
    peer.pause(); // nothing is read before somebody listens
    this.#readPast(socket);
    peer.on('message', this.#onMessage);
    peer.on('ping', this.#onControlFrame);
    peer.on('pong', this.#onControlFrame);
    peer.on('error', this.#onProtocolError);
    peer.on('close', this.#onClose);
    socket.on('error', this.#onSocketError);
    // The peer's side is shut; ws shuts ours (sockets of an upgrade are half open and would stay so for ever). What is
    // buffered still goes out, but a peer that does not read must not hold the socket.
    socket.once('end', this.#startGrace);
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
    if (this.#socket.writableLength > 0) this.#heldBack = true; // else the network took it all, at once
  }

  close(reason: CloseReason): void {
    if (this.#closing || this.#batches.ended) return;
    this.#closing = true;
    this.#share.release();
    this.#peer.resume(); // or the peer's answer is never read where nobody listened
    this.#peer.close(closeCodes[reason.kind], clipUtf8(reason.text, MAX_REASON_BYTES)); // behind all that is buffered
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
    // A stall of the process is seen only while the clock is watched, and pings are few.
    this.#isPinging = true;
    ClockWatch.of(this.#options.clock).acquire();
    this.#planPing();
  };

  /**
   * Puts the lean reader in front of ws. It stands in for ws's own listener, as the wrappers of `once` do: ws takes it off when
   * the connection is being closed or broken, and from then on nothing is read by anybody.
   */
  #readPast(socket: Socket): void {
    const [listener] = socket.listeners('data');
    if (listener === undefined) return; // a ws that reads in another way: it goes on doing so
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
        listener.call(socket, bytes); // a message that is complete arrives in this call
        this.#noteUnfinished();
      },
    });
    const share = this.#share;
    const onData = (chunk: Buffer): void => {
      frames = 0;
      reader.push(chunk);
      share.spend(chunk.length, frames);
    };
    socket.removeListener('data', listener as () => void); // its own type is lost in listeners()
    socket.on('data', Object.assign(onData, { listener }));
    // What a paused socket still holds when it closes ws would read itself, past the reader and perhaps in the middle of a frame.
    socket.prependListener('close', () => {
      const rest: unknown = socket.listenerCount('data') > 0 ? socket.read() : null;
      if (rest instanceof Buffer) onData(rest);
    });
  }

  /** Counts what ws keeps of a message whose end is still to come. */
  #noteUnfinished(): void {
    const bytes = this.#batches.ended ? 0 : this.#unfinishedBytes;
    if (bytes === this.#notedBytes) return;
    this.#notedBytes = bytes;
    this.#options.unfinished.set(this.#unfinished, bytes);
  }

  /** What ws reads. All messages of one TCP read arrive in one synchronous run; the microtask after it makes them one batch. */
  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    this.#unfinishedBytes = 0;
    if (this.#closing) return;
    const bytes = data as Buffer; // binaryType is 'nodebuffer', ws's default
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

  /** A ping or a pong. They cost us as much as messages do, and no other limit is about them. */
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
      `the peer sent more than ${MAX_CONTROL_FRAMES_PER_SECOND} pings and pongs in a second`,
    );
    this.close({ kind: 'policy', text: `at most ${MAX_CONTROL_FRAMES_PER_SECOND} pings and pongs a second` });
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

  /** Makes `drained$` true to its word: the socket's own `drain` comes only above a mark of 16 KiB. */
  readonly #onWritten = (): void => {
    this.#unfinishedWrites--;
    if (!this.#heldBack || this.#unfinishedWrites > 0 || this.#peer.readyState !== WebSocket.OPEN) return;
    if (this.#socket.writableLength > 0) {
      // A ping or pong of ws's stands behind our last write; an empty write is called back behind it.
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
    // A pong waits behind what waits for the peer: as long as it takes some of that, it is alive.
    if (this.#progress.look() === 'moved') this.#onSignOfLife();
    if (this.#unansweredPings < MAX_MISSED_PONGS) this.#unansweredPings++;
    else this.#pongDeadline ??= judgeAfterInput(this.#options.clock, this.#judgeSilence);
    this.#peer.ping();
    this.#planPing();
  };

  readonly #judgeSilence = (): void => {
    this.#pongDeadline = undefined;
    if (this.#unansweredPings < MAX_MISSED_PONGS) return; // it was heard meanwhile
    this.#cut(new ConnectionLost(`the peer answered none of ${MAX_MISSED_PONGS} pings`));
  };

  /**
   * From here on the peer has to get on with it: as long as it takes what is buffered it may go on, then it has the grace
   * time to answer. ws cuts off after 30 s in any case.
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

  /** Invalid frames and over-long messages. ws has sent its close code already and wants to be left to finish. */
  readonly #onProtocolError = (error: Error): void => {
    this.#fault ??= new ConnectionLost(`the peer broke the WebSocket protocol: ${error.message}`, { cause: error });
    this.#closing = true;
    this.#startGrace();
  };

  readonly #onSocketError = (error: Error): void => {
    if (this.#closing) return; // we were leaving anyway
    this.#fault ??= new ConnectionLost(`the connection broke: ${error.message}`, { cause: error });
  };

  #cut(fault: ConnectionLost): void {
    if (this.#batches.ended) return;
    this.#fault ??= fault;
    this.#peer.terminate();
  }

  /** The one end of every connection, whatever brought it about. */
  readonly #onClose = (code: number): void => {
    this.#stopPinging();
    this.#unfinishedBytes = 0;
    this.#noteUnfinished();
    this.#graceDeadline?.clear();
    this.#flush(); // what came before the end comes before the end
    const fault = this.#fault ?? (this.#closing || leavingCodes.has(code) ? undefined : lossOf(code));
    if (fault === undefined) this.#batches.complete();
    else this.#batches.error(fault);
    this.#drained.complete();
  };
}

/** What a close code other than those of {@link leavingCodes} says. The peer's own text is left out: it is not for the log. */
function lossOf(code: number): ConnectionLost {
  const text =
    code === ABNORMAL_CLOSURE ? 'the connection ended without a Close frame' : `the peer closed with code ${code}`;
  return new ConnectionLost(text);
}

/** Of a masked ping or pong: opcode, length and mask. */
const CONTROL_HEADER_BYTES = 6;
const NOTHING = new Uint8Array(0);
