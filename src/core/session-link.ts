import type { Framing } from '../protocol/framing.js';
import type { Message } from '../protocol/messages/message.js';
import type { CloseReason } from '../util/close-reason.js';

/**
 * The part of a connection that the core and its actors use. `Connection` of `transports/transport.ts` implements it
 * and documents each member. The core only reads fields; the router actor calls the methods.
 */
export interface SessionLink {
  readonly transport: string;
  readonly remoteAddress: string;
  readonly isForwarded?: boolean | undefined;
  readonly framing: Framing;
  readonly maxFrameBytes?: number | undefined;
  readonly encoding: 'binary' | 'cbor' | undefined;
  readonly bufferedBytes: number;
  readonly isTrusted?: boolean | undefined;
  readonly pingIntervalMs?: number | undefined;
  readonly datagrams?: { readonly maxBytes: number; readonly send: (frame: Uint8Array) => void } | undefined;
  readonly deliver?: ((message: Message) => void) | undefined;
  readonly probe?: (() => void) | undefined;
  readonly write: (bytes: Uint8Array) => void;
  readonly hold?: () => void;
  readonly release?: () => void;
  readonly close: (reason: CloseReason) => void;
  readonly destroy: (text?: string) => void;
}
