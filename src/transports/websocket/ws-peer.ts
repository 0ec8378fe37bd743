import type { Socket } from 'node:net';
import { type RawData, WebSocket } from 'ws';
import { MAX_CHUNKS, MAX_CLOSE_MS, MAX_FRAGMENTS, MAX_PENDING_PONGS, MAX_TEXT_BYTES } from './constants.js';
import type { Peer, PeerHandlers } from './peer.js';
import type { UnfinishedConnection, UnfinishedMessages } from './unfinished-messages.js';
import { onWsClose, replaceWsListener } from './ws-listeners.js';

export interface WsPeerHandlers extends PeerHandlers {
  /** Receives the bytes of each read of the socket, in place of `ws`. */
  readonly onData: (chunk: Buffer) => void;
  /** Receives a complete message of `ws`. */
  readonly onMessage: (bytes: Buffer, isBinary: boolean) => void;
  /** A frame is invalid or too large. `ws` has sent its close code, and completes the close. */
  readonly onViolation: (error: Error) => void;
}

export interface WsPeerOptions {
  readonly maxFrameBytes: number;
  /** Shared by all connections of the port. */
  readonly unfinished: UnfinishedMessages;
  /** Key of this connection in `unfinished`. */
  readonly unfinishedKey: UnfinishedConnection;
}

/** Bytes of a masked ping or pong besides its payload: opcode, length and mask. */
const CONTROL_HEADER_BYTES = 6;

/**
 * Handles the frames of a peer with `ws`: texts, fragments, control frames, invalid frames, and the close. `ws` takes
 * over an open connection between two frames.
 */
export class WsPeer implements Peer {
  readonly #ws: WebSocket;
  readonly #options: WsPeerOptions;
  #read: (bytes: Buffer) => void = () => undefined;
  /** Bytes of an incomplete message that `ws` stores. */
  #unfinishedBytes = 0;
  #notedBytes = 0;

  constructor(socket: Socket, options: WsPeerOptions, handlers: WsPeerHandlers) {
    this.#options = options;
    const ws = openWebSocket(socket, Math.max(options.maxFrameBytes, MAX_TEXT_BYTES));
    this.#ws = ws;
    replaceWsListener<[Buffer]>(socket, 'data', (listener) => {
      this.#read = listener;
      return handlers.onData;
    });
    // When a paused socket closes, `ws` would read its remaining bytes itself, bypassing the reader and perhaps inside a
    // frame.
    socket.prependListener('close', handlers.onSocketClosed);
    ws.on('message', (data: RawData, isBinary: boolean) => {
      this.#unfinishedBytes = 0;
      handlers.onMessage(data as Buffer, isBinary); // invariant: binaryType is 'nodebuffer', the default of `ws`
    });
    const onControlFrame = (data: Buffer): void => {
      this.#unfinishedBytes = Math.max(0, this.#unfinishedBytes - data.length - CONTROL_HEADER_BYTES);
      handlers.onControlFrame();
    };
    ws.on('ping', onControlFrame);
    ws.on('pong', onControlFrame);
    ws.on('error', handlers.onViolation);
    const onClose = (code: number): void => {
      this.#unfinishedBytes = 0;
      this.#noteUnfinished();
      handlers.onClose(code);
    };
    onWsClose(ws, socket, { onEnd: handlers.onClosing, onClose });
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Passes bytes of frames to `ws`. A complete message arrives during this call. */
  read(bytes: Buffer): void {
    this.#unfinishedBytes += bytes.length;
    this.#read(bytes);
    this.#noteUnfinished();
  }

  close(code: number, text: string): void {
    this.#ws.resume(); // otherwise the peer's answer is never read if there is no subscriber
    this.#ws.close(code, text);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Records the bytes that `ws` stores of an incomplete message. */
  #noteUnfinished(): void {
    const bytes = this.#unfinishedBytes;
    if (bytes === this.#notedBytes) return;
    this.#notedBytes = bytes;
    this.#options.unfinished.set(this.#options.unfinishedKey, bytes);
  }
}

/** The part of `ws` that its own server uses after a handshake. Its types do not declare it. */
type ServerWebSocket = new (
  address: null,
  protocols: undefined,
  options: object,
) => WebSocket & { setSocket(socket: Socket, head: Buffer, options: object): void };

/** Returns the WebSocket of a server for a socket whose handshake is done. */
function openWebSocket(socket: Socket, maxPayload: number): WebSocket {
  const options = {
    allowSynchronousEvents: true,
    autoPong: true,
    closeTimeout: MAX_CLOSE_MS,
    maxBufferedChunks: MAX_CHUNKS,
    maxFragments: MAX_FRAGMENTS,
    maxPayload,
    maxPendingAutoPongs: MAX_PENDING_PONGS,
    skipUTF8Validation: false,
  };
  // Invariant: `WebSocketServer` of this version of `ws` creates its WebSockets in the same way.
  const ws = new (WebSocket as unknown as ServerWebSocket)(null, undefined, options);
  ws.setSocket(socket, Buffer.alloc(0), options);
  return ws;
}
