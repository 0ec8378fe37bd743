import type { Socket } from 'node:net';
import type { Observable } from 'rxjs';
import type { Clock } from '../../util/clock.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { TokenBucket } from '../../util/token-bucket.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { ReadQuota } from '../../net/read-quota.js';
import { type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import { type CloseReason, MAX_REASON_BYTES } from '../../util/close-reason.js';
import { WriteProgress } from '../../net/write-progress.js';
import { closeCodes, lossOf } from './close-codes.js';
import { CloseGrace } from './close-grace.js';
import { pingFrame } from './control-frames.js';
import { LeanPeer } from './lean-peer.js';
import { LeanReader } from './lean-reader.js';
import { PongWatch } from './pong-watch.js';
import { SocketWriter } from './socket-writer.js';
import type { UnfinishedMessages } from './unfinished-messages.js';
import { WsPeer } from './ws-peer.js';
import { MAX_CONTROL_FRAMES_PER_SECOND, MAX_MISSED_PONGS } from './constants.js';

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
 * One WebSocket peer after its handshake. A {@link LeanReader} reads complete binary messages, and a {@link LeanPeer}
 * handles control frames and the close. The first frame of another kind, such as a JSON text, creates a {@link WsPeer}.
 * The router's output is already framed and is written to the TCP socket directly. That is safe because nothing is
 * compressed: `ws` writes each of its frames in one call, so the two never mix inside a frame.
 */
export class WebSocketConnection implements Connection {
  readonly transport = 'websocket';
  readonly framing = 'websocket';
  readonly encoding: 'cbor' | undefined;
  readonly remoteAddress: string;
  readonly isForwarded: boolean;
  readonly batches$: Observable<readonly InboundFrame[]>;
  readonly drained$: Observable<void>;

  readonly #socket: Socket;
  readonly #options: WebSocketConnectionOptions;
  /** Undefined once `ws` handles the peer. */
  #lean: LeanPeer | undefined;
  #ws: WsPeer | undefined;
  readonly #reader: LeanReader;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #writer: SocketWriter;
  readonly #share: ReadQuota;
  /** Input since the last batch. */
  #frames: InboundFrame[] = [];
  /** Messages that the reader has found in the current read. */
  #framesRead = 0;
  #flushPlanned = false;
  readonly #progress: WriteProgress;
  /** Limit for the peer's control frames. Created for the first one, which most peers never send. */
  #controlFrames: TokenBucket | undefined;
  /** Whether this side is closing. Further input of the peer is dropped. */
  #closing = false;
  /** Whether a frame of the peer was dropped. Its later messages are dropped too, so that none is missing in between. */
  #hasGap = false;
  /** Error with which `batches$` will end, if any. */
  #fault: ConnectionLost | undefined;
  #pongs: PongWatch | undefined;
  #grace: CloseGrace | undefined;

  /** @param head bytes that were read behind the request to upgrade */
  constructor(socket: Socket, head: Buffer, options: WebSocketConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#progress = new WriteProgress(socket);
    this.#share = new ReadQuota(socket);
    this.encoding = options.encoding;
    this.remoteAddress = options.remoteAddress;
    this.isForwarded = options.isForwarded;
    this.#batches = new BufferedSubject(this.#startReading);
    this.batches$ = this.#batches.observable;
    this.#writer = new SocketWriter(socket, () => this.#peer.isOpen);
    this.drained$ = this.#writer.drained$;
    this.#reader = new LeanReader({
      maxFrameBytes: options.maxFrameBytes,
      onMessages: this.#onMessages,
      onControl: this.#onControl,
      leave: this.#leave,
    });
    socket.pause(); // nothing is read before the subscription
    if (head.length > 0) socket.unshift(head);
    socket.on('data', this.#onData);
    socket.on('error', this.#onSocketError);
    this.#lean = new LeanPeer(socket, this.#handlers);
  }

  get bufferedBytes(): number {
    return this.#batches.ended ? 0 : this.#socket.writableLength;
  }

  get #peer(): LeanPeer | WsPeer {
    return (this.#lean ?? this.#ws)!; // one of them is set
  }

  hold(): void {
    if (!this.#closing && !this.#batches.ended) this.#share.hold();
  }

  release(): void {
    if (!this.#batches.ended) this.#share.release();
  }

  write(bytes: Uint8Array): void {
    this.#writer.write(bytes);
  }

  close(reason: CloseReason): void {
    if (this.#closing || this.#batches.ended) return;
    this.#closing = true;
    this.#share.release(); // otherwise the peer's answer is never read
    this.#peer.close(closeCodes[reason.kind], clipUtf8(reason.text, MAX_REASON_BYTES)); // after all buffered bytes
    this.#startGrace();
  }

  probe(): void {
    if (this.#peer.isOpen) this.#socket.write(pingFrame);
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#cut(new ConnectionLost(text));
  }

  readonly #startReading = (): void => {
    this.#socket.resume();
    const { clock, pingIntervalMs: intervalMs } = this.#options;
    if (intervalMs === 0 || this.#grace !== undefined) return;
    this.#pongs = new PongWatch({
      clock,
      intervalMs,
      ping: () => {
        this.probe();
      },
      look: () => {
        if (this.#progress.look() === 'moved') this.#onSignOfLife();
      },
      onLost: () => {
        this.#cut(new ConnectionLost(`the peer answered none of ${MAX_MISSED_PONGS} pings`));
      },
    });
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#lean?.hasReceivedClose === true) return;
    this.#framesRead = 0;
    this.#reader.push(chunk);
    this.#share.spend(chunk.length, this.#framesRead);
  };

  readonly #onMessages = (messages: Uint8Array | FrameRun): void => {
    if (this.#closing || this.#hasGap || this.#lean?.hasReceivedClose === true) return;
    this.#frames.push(messages);
    this.#framesRead += messages instanceof FrameRun ? messages.count : 1;
    this.#onSignOfLife();
  };

  readonly #onControl = (opcode: number, payload: Buffer): boolean =>
    this.#lean !== undefined && (this.#lean.hasReceivedClose || this.#lean.receive(opcode, payload));

  /** Handles bytes of frames that only `ws` handles. A connection that is closing or closed drops them. */
  readonly #leave = (bytes: Buffer): void => {
    if (this.#lean?.isOpen === false) {
      this.#hasGap = true;
      return;
    }
    this.#ws ??= this.#startWs();
    this.#ws.read(bytes);
  };

  #startWs(): WsPeer {
    this.#lean?.release();
    this.#lean = undefined;
    this.#socket.off('data', this.#onData);
    const { maxFrameBytes, unfinished } = this.#options;
    const unfinishedKey = {
      onTooMuch: (text: string) => {
        this.#cut(new ConnectionLost(text));
      },
    };
    return new WsPeer(
      this.#socket,
      { maxFrameBytes, unfinished, unfinishedKey },
      { ...this.#handlers, onData: this.#onData, onMessage: this.#onMessage, onViolation: this.#onViolation },
    );
  }

  /**
   * Handles messages that `ws` reads. All messages of one TCP read arrive synchronously. The microtask after them makes
   * one batch.
   */
  readonly #onMessage = (bytes: Buffer, isBinary: boolean): void => {
    if (this.#closing) return;
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

  /** Limits pings and pongs. They cost as much as messages, and no other limit covers them. */
  #onControlFrame(): void {
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
  }

  #onSignOfLife(): void {
    this.#pongs?.noteSignOfLife();
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    if (!this.#flushPlanned) return;
    this.#flushPlanned = false;
    const frames = this.#frames;
    this.#frames = [];
    this.#batches.next(frames);
  };

  /** Handles invalid frames and oversized messages. `ws` has already sent its close code and completes the close. */
  readonly #onViolation = (error: Error): void => {
    this.#fault ??= new ConnectionLost(`the peer violated the WebSocket protocol: ${error.message}`, { cause: error });
    this.#closing = true;
    this.#startGrace();
  };

  readonly #onSocketError = (error: Error): void => {
    if (this.#closing) return; // this side was closing anyway
    this.#fault ??= new ConnectionLost(`the connection failed: ${error.message}`, { cause: error });
  };

  #startGrace(): void {
    if (this.#grace !== undefined || this.#batches.ended) return;
    this.#pongs?.stop();
    const hasRead = (): boolean => this.#progress.look() === 'moved';
    this.#grace = new CloseGrace(this.#options.clock, hasRead, () => {
      this.#peer.terminate();
    });
  }

  #cut(fault: ConnectionLost): void {
    if (this.#batches.ended) return;
    this.#fault ??= fault;
    this.#peer.terminate();
  }

  readonly #handlers = {
    onControlFrame: (): void => {
      this.#onControlFrame();
    },
    onClosing: (): void => {
      this.#startGrace();
    },
    onSocketClosed: (): void => {
      const rest: unknown = this.#socket.listenerCount('data') > 0 ? this.#socket.read() : null;
      if (rest instanceof Buffer) this.#onData(rest);
    },
    /** The only place where a connection ends, for any reason. */
    onClose: (code: number): void => {
      this.#pongs?.stop();
      this.#grace?.clear();
      this.#flush(); // input before the end is delivered before the end
      const fault = this.#fault ?? (this.#closing ? undefined : lossOf(code));
      if (fault === undefined) this.#batches.complete();
      else this.#batches.error(fault);
      this.#writer.drained$.complete();
    },
  };
}
