import type { Observable } from 'rxjs';
import type { Frame } from '../protocol/frame.js';
import type { FrameRun } from '../protocol/frame-run.js';
import type { Framing } from '../protocol/framing.js';
import type { LocalMessage } from '../protocol/inbound.js';
import type { Message } from '../protocol/messages/message.js';
import type { Scope } from '../protocol/scope.js';
import type { HttpRoute } from '../http/route.js';
import type { ListenAddress } from '../net/listen-address.js';
import type { RejectedConnection } from '../net/rejected-connections.js';
import type { CloseReason } from '../util/close-reason.js';
import type { LibraryErrorCode } from '../util/library-errors.js';

export type { RejectedConnection, ListenAddress };

/**
 * The contract between the router and the transports that carry its bytes. A transport moves complete frames. It is
 * independent of sessions, subscriptions and params. `test/transports/conformance.ts` tests this contract for every
 * transport.
 */
export interface Transport {
  /** `websocket`, `memory`, ...: for logs and for `Connection.transport`. */
  readonly name: string;
  /**
   * Whether the transport cannot be encrypted. A router that requires tokens opens it only if explicitly configured.
   */
  readonly isInsecure?: boolean;
  /**
   * Starts to listen.
   *
   * @throws TransportError if it cannot listen on the address; the message is one plain sentence
   */
  listen(): Promise<Listener>;
  /**
   * Returns the same transport with further routes on its HTTP port, after its own. Undefined without an HTTP port.
   *
   * @param onError receives the errors that routes throw, unless the transport reports them already
   */
  withRoutes?(routes: readonly HttpRoute[], onError: (error: unknown) => void): Transport;
}

/** Returns whether a value has the shape of a transport: a name and a method `listen`. */
export function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && typeof value.name === 'string' && 'listen' in value && typeof value.listen === 'function';
}

/** An open listener. */
export interface Listener {
  readonly addresses: readonly ListenAddress[];
  /** Emits each accepted peer. Completes when the listener closes, errors when it fails. Subscribe once. */
  readonly connections$: Observable<Connection>;
  /**
   * Emits each rejected peer. Completes with the listener. A flood of peers causes a flood of emissions, so log them at
   * a limited rate. Do not read emissions that are not logged: their address is built when read.
   */
  readonly rejected$?: Observable<RejectedConnection>;
  /** Stops accepting. Open connections stay open. Resolves when the port is free. */
  close(): Promise<void>;
}

/** A complete frame, or a JSON message as a string. */
export type SingleFrame = Uint8Array | string;

/** Input: one frame, or several adjacent ones. */
export type InboundFrame = SingleFrame | FrameRun;

/** One peer. */
export interface Connection {
  readonly transport: string;
  /**
   * `192.168.1.20:51234`, for logs and limits per address. Behind a trusted reverse proxy, the address of the client
   * itself.
   */
  readonly remoteAddress: string;
  /** Whether the peer came through a reverse proxy. Limits then never treat it as this computer. @default false */
  readonly isForwarded?: boolean | undefined;
  /** Framing that must precede each frame given to {@link write}. */
  readonly framing: Framing;
  /** Maximum bytes per frame that can be sent. Undefined if every frame fits, up to 65,547 bytes. */
  readonly maxFrameBytes?: number | undefined;
  /** Encoding that the peer requested when it connected. If undefined, its HELLO decides. */
  readonly encoding: 'binary' | 'cbor' | undefined;
  /**
   * Emits the peer's input: all complete frames of one read as one array, in order. An empty array is a sign of life
   * without a message (a pong). Completes when the peer has closed as its transport defines it (WebSocket: code 1000 or
   * none), and when the close of this side is done. Errors with a {@link ConnectionLost} in all other cases. The end of
   * a byte stream is a loss, because a system sends it for a killed program too. Nothing is emitted afterwards. Bytes
   * are valid only during the turn of the emission: copy bytes that must be kept. Subscribe once; nothing is read
   * before that.
   */
  readonly batches$: Observable<readonly InboundFrame[]>;
  /**
   * Sends bytes: any number of frames, each preceded by its framing. Never blocks and never throws. Has no effect on a
   * closed connection. The bytes must not change until {@link bufferedBytes} is 0 again.
   */
  write(bytes: Uint8Array): void;
  /**
   * Alternative to {@link write} for frames that can be lost. Present if the transport supports it and the peer wants
   * it. It can appear at any time: check it for each frame.
   */
  readonly datagrams?: Datagrams | undefined;
  /** Like {@link batches$}, as messages from an in-process peer. {@link batches$} is then not used. */
  readonly messages$?: Observable<readonly Frame<LocalMessage>[]> | undefined;
  /**
   * Delivers a message by reference to an in-process peer. {@link write} is then not used. The peer and others share
   * the message from now on: it must not be modified.
   */
  readonly deliver?: ((message: Message) => void) | undefined;
  /**
   * Requests a sign of life with the means of the transport (WebSocket ping, QUIC PING). The answer is an emission of
   * {@link batches$}, possibly empty. Has no effect on a closed connection. If undefined, the transport has no such
   * means, and a CLASP PING is the only probe.
   */
  readonly probe?: (() => void) | undefined;
  /**
   * Milliseconds of silence after which the router sends a CLASP PING, if the transport itself cannot detect a broken
   * connection. A TCP connection whose peer has vanished stays open for minutes while bytes are sent. Undefined if no
   * PING is needed.
   */
  readonly pingIntervalMs?: number | undefined;
  /** Whether the peer is part of this process. It can then connect without a token. @default false */
  readonly isTrusted?: boolean | undefined;
  /**
   * The rights of the peer, instead of those of a token: its HELLO needs none, and a token in it is ignored. They also
   * apply on an open router. @default the token decides
   */
  readonly scopes?: readonly Scope[] | undefined;
  /** Whether the peer gets a SNAPSHOT of all params after WELCOME. @default true */
  readonly wantsSnapshot?: boolean | undefined;
  /**
   * Stops reading until {@link release}, because the router has no time for more input of this peer. Input that is
   * already read can still be emitted. A transport without this method bounds its queued input by itself. Can be called
   * twice, like `release`.
   */
  hold?(): void;
  /** Continues reading. */
  release?(): void;
  /** Bytes that are written but not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Emits when `bufferedBytes` returns to 0. */
  readonly drained$: Observable<void>;
  /**
   * Sends the buffered bytes and closes. `batches$` completes when that is done. Further input of the peer is dropped.
   * A peer that reads nothing for `CLOSE_GRACE_MS` is cut off. Can be called twice.
   */
  close(reason: CloseReason): void;
  /**
   * Closes immediately and drops the buffered bytes. Unless it has already ended, `batches$` errors with a {@link
   * ConnectionLost}. Can be called twice.
   *
   * @param text text of that error. @default CUT_BY_THIS_SIDE
   */
  destroy(text?: string): void;
}

/**
 * Channel for frames that are useless if late: only the newest counts, and lost ones are not sent again. They arrive in
 * the order of sending, but not in order with the bytes of {@link Connection.write}.
 */
export interface Datagrams {
  /** Maximum bytes per frame that can be sent now. 0 while too many are queued. */
  readonly maxBytes: number;
  /**
   * Sends one frame of at most {@link maxBytes}, after the bytes written in this turn of the event loop. Copies it.
   * Never throws.
   */
  send(frame: Uint8Array): void;
}

/** Milliseconds for which a closing connection waits for a peer that neither reads nor answers. */
export const CLOSE_GRACE_MS = 2_000;

/** Default error text of a connection that this side destroys. */
export const CUT_BY_THIS_SIDE = 'the connection was cut by this side';

/**
 * A connection that ended without a close: the end of a byte stream, a reset, invalid framing, a silent peer. It has no
 * stack trace: its text states the reason, and connections are lost in thousands at once.
 */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CLASP_ERR_CONNECTION_LOST' satisfies LibraryErrorCode;

  constructor(message?: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}
