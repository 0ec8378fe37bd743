import type { Qos } from '../protocol/enumerations.js';
import type { Message } from '../protocol/messages/message.js';

/** Encoding of messages: compact binary and CBOR in frames, JSON as strings. */
export type ClientEncoding = 'binary' | 'cbor' | 'json';

/**
 * A route to a router. It can be opened repeatedly, one channel at a time. Each channel carries complete frames,
 * however the network splits or merges them. {@link webSocketLink}, {@link connectionLink} and, in Node.js,
 * `linkTo(url)` create links. Any other object of this shape works too.
 */
export interface Link {
  /** Address for people: `ws://localhost:7330`. */
  readonly url: string;
  /** Whether all bytes arrive once and in order. False for datagrams. */
  readonly reliable: boolean;
  /** Whether it carries strings beside frames, which JSON messages require. */
  readonly carriesText: boolean;
  /** Maximum bytes per frame. Undefined if every frame fits, up to 65,547 bytes. */
  readonly maxFrameBytes?: number | undefined;
  /**
   * Whether the router has stopped permanently, so that no further attempt is made. Undefined if that cannot be known.
   */
  readonly hasEnded?: boolean | undefined;
  /**
   * Starts to connect. No event is emitted before this call returns.
   *
   * @throws Error if it is immediately clear that it cannot connect
   */
  open(events: LinkEvents, encoding: ClientEncoding): Channel;
}

/** Events of an open link: `opened`, then any number of `received`, then `closed`; or `closed` alone. */
export interface LinkEvents {
  /** The channel can be written to. */
  opened(): void;
  /** Complete frames and JSON messages, in order. The bytes are valid only during the call. */
  received(frames: readonly (Uint8Array | string)[]): void;
  /** Messages by reference, if the router is in the same process. They are shared and must not be modified. */
  receivedMessages?(messages: readonly Message[]): void;
  /**
   * Called once, as the last event. @param cause the reason; undefined if the router or this side closed the connection
   */
  closed(cause: Error | undefined): void;
}

/** An open link. */
export interface Channel {
  /** Bytes that are written but not yet taken by the network; 0 if unknown. */
  readonly bufferedBytes: number;
  /** Sends one frame, or one JSON message. Never throws. Has no effect on a channel that is not open. */
  send(frame: Uint8Array | string): void;
  /** Sends a message by reference, if the router is in the same process. {@link send} is then not used. */
  readonly sendMessage?: ((message: Message, qos: Qos) => void) | undefined;
  /**
   * Whether received messages can overtake each other, as datagrams beside a stream do. Undefined if they never can. It
   * can change at any time.
   */
  readonly hasDatagrams?: boolean | undefined;
  /**
   * Sends one frame that can be lost, and can arrive in any order relative to {@link send}.
   *
   * @returns false if the channel does not support it, or not for a frame of this size: then use {@link send}
   */
  sendLoosely?(frame: Uint8Array): boolean;
  /**
   * Sends the buffered bytes and closes, so that the router recognizes the end as intended. Over a WebSocket that is
   * code 1000. Over streams and datagrams it is the close message (docs/reference/protocol.md, "Leaving"). `closed` follows when
   * the other side has answered.
   */
  close(): void;
  /** Ends the channel immediately and releases all resources. No more events are emitted. */
  destroy(): void;
}
