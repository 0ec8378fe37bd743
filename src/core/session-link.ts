import type { Framing } from '../protocol/framing.js';
import type { Scope } from '../protocol/scope.js';
import type { Message } from '../protocol/messages/message.js';
import type { CloseReason } from '../util/close-reason.js';

/**
 * The part of a connection that the core and its actors use. `Connection` of `transports/transport.ts` implements it
 * and documents each member. The core calls `deliver`, `datagrams.send` and, to limit the socket buffers, `destroy`.
 * The actors call the other methods.
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
  readonly scopes?: readonly Scope[] | undefined;
  readonly wantsSnapshot?: boolean | undefined;
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
