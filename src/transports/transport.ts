import type { Observable } from 'rxjs';
import type { Frame } from '../protocol/frame.js';
import type { FrameRun } from '../protocol/frame-run.js';
import type { Framing } from '../protocol/framing.js';
import type { Message } from '../protocol/messages/message.js';
import type { ListenAddress } from '../net/listen-address.js';
import type { RejectedConnection } from '../net/rejected-connections.js';
import type { CloseReason } from '../util/close-reason.js';
import type { LibraryErrorCode } from '../util/library-errors.js';

export type { RejectedConnection, ListenAddress };

/**
 * The contract between the router and what carries its bytes. A transport moves whole frames; it has never heard of
 * sessions, subscriptions or params. `test/transports/conformance.ts` is this page as tests, run over every transport.
 */
export interface Transport {
  /** `websocket`, `memory`, ...: for logs and for `Connection.transport`. */
  readonly name: string;
  /** It has no encryption that could be turned on: a router that asks for tokens opens it only where it is told to. */
  readonly isInsecure?: boolean;
  /**
   * Opens the door.
   *
   * @throws TransportError when the address cannot be had; its message is one plain sentence for a person
   */
  listen(): Promise<Listener>;
}

/** Whether a value has the shape of a transport: a name and a method `listen`. */
export function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && typeof value.name === 'string' && 'listen' in value && typeof value.listen === 'function';
}

/** An open door. */
export interface Listener {
  readonly addresses: readonly ListenAddress[];
  /** Emits each peer that has come through; completes when the door is shut, errors when it breaks. Subscribe once. */
  readonly connections$: Observable<Connection>;
  /**
   * Emits what happened to each peer that did not get in; completes with the door. A flood of peers is a flood of these:
   * whoever writes them down has to thin them out, and may look at none of those left out: their addresses are put together
   * when they are read.
   */
  readonly rejected$?: Observable<RejectedConnection>;
  /** Stops accepting. Connections that are already open live on. Resolves when the port is free. */
  close(): Promise<void>;
}

/** A whole frame, or the text of a JSON message. */
export type SingleFrame = Uint8Array | string;

/** What came in: one, or several frames back to back. */
export type InboundFrame = SingleFrame | FrameRun;

/** One peer. */
export interface Connection {
  readonly transport: string;
  /** `192.168.1.20:51234`, for logs and limits per address. Behind a trusted reverse proxy it is the peer's own. */
  readonly remoteAddress: string;
  /** Whether it came through a reverse proxy: then limits never take it for one of this computer. @default false */
  readonly isForwarded?: boolean | undefined;
  /** What has to stand in front of each frame given to {@link write}. */
  readonly framing: Framing;
  /** Bytes of the largest frame that can be sent; undefined where any frame can, which is 65,547. */
  readonly maxFrameBytes?: number | undefined;
  /** The encoding the peer asked for when it connected; its HELLO decides where this is undefined. */
  readonly encoding: 'binary' | 'cbor' | undefined;
  /**
   * What the peer sends: all whole frames of one read in one emission, in order. An empty emission is a sign of life
   * without a message (a pong). Completes when the peer closed as its transport defines it (WebSocket: code 1000 or none) and when
   * our close is done; errors with a {@link ConnectionLost} on anything else. The end of a byte stream is a loss: a
   * system sends it for a killed program, too. Nothing comes after either. Bytes are only valid during the emission's turn of the event loop: copy what must stay. Subscribe
   * once; nothing is read before that.
   */
  readonly batches$: Observable<readonly InboundFrame[]>;
  /**
   * Sends bytes: any number of frames, each with its framing in front. Never blocks and never throws; on a closed
   * connection it does nothing. The bytes must not change until {@link bufferedBytes} is back at 0.
   */
  write(bytes: Uint8Array): void;
  /**
   * A second way, beside {@link write}, for frames that may be lost: there where the transport has one and the peer wants it,
   * undefined as long as that is not so. It may come up at any time: look for each frame.
   */
  readonly datagrams?: Datagrams | undefined;
  /** The same as messages, from a peer inside the process: {@link batches$} is not read then. */
  readonly messages$?: Observable<readonly Frame[]> | undefined;
  /**
   * Hands a message over as it is, where the peer is inside the process: {@link write} is not used then. The message is the peer's
   * and that of others from now on: nobody changes it.
   */
  readonly deliver?: ((message: Message) => void) | undefined;
  /**
   * Asks the peer for a sign of life by means of the transport (WebSocket ping, QUIC PING). The answer is an emission of
   * {@link batches$}, possibly empty. Does nothing on a closed connection. Undefined where the transport has no such means:
   * a CLASP PING is the only probe there.
   */
  readonly probe?: (() => void) | undefined;
  /**
   * Milliseconds of silence after which the peer is to be sent a CLASP PING, where the transport itself cannot find out that its
   * connection is broken: a TCP connection of which the peer is gone stays open for minutes while something is sent.
   * Undefined where no PING is needed.
   */
  readonly pingIntervalMs?: number | undefined;
  /** Whether the peer is part of this process: then it may come in without a token. @default false */
  readonly isTrusted?: boolean | undefined;
  /**
   * Stops reading until {@link release}: the router has more of this peer than it has time for. What is read already may still be
   * emitted. A transport without it has a limit of its own for what waits. Safe to call twice, like `release`.
   */
  hold?(): void;
  /** Reads again. */
  release?(): void;
  /** Bytes written and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Emits when `bufferedBytes` has come back to 0 after it was above. */
  readonly drained$: Observable<void>;
  /**
   * Sends what is buffered, then says goodbye and closes; `batches$` completes when that is done. What the peer still sends
   * is dropped. A peer that takes nothing for `CLOSE_GRACE_MS` is cut off. Safe to call twice.
   */
  close(reason: CloseReason): void;
  /**
   * Closes at once and drops what is buffered. Unless it is done, `batches$` errors with a {@link ConnectionLost}. Safe to call
   * twice.
   *
   * @param text of that error. @default CUT_BY_THIS_SIDE
   */
  destroy(text?: string): void;
}

/**
 * Frames that are worth nothing late: the newest counts, and no lost one is sent again. They come in the order in which they
 * were sent, but anywhere among what was written.
 */
export interface Datagrams {
  /** Bytes of the largest frame that can be sent now; 0 while too many wait. */
  readonly maxBytes: number;
  /** Sends one frame of at most {@link maxBytes}, after what is written in this turn of the event loop. Copies it; never throws. */
  send(frame: Uint8Array): void;
}

/** Milliseconds a closing connection waits for a peer that neither reads nor answers. */
export const CLOSE_GRACE_MS = 2_000;

/** What a connection that this side destroys ends with if nothing else is said. */
export const CUT_BY_THIS_SIDE = 'the connection was cut by this side';

/** A connection that ended without being closed: the end of a byte stream, a reset, broken framing, a silent peer. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CLASP_ERR_CONNECTION_LOST' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}
