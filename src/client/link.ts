import type { Qos } from '../protocol/enumerations.js';
import type { Message } from '../protocol/messages/message.js';

/** How messages are written: compact binary and CBOR in frames, JSON as text. */
export type ClientEncoding = 'binary' | 'cbor' | 'json';

/**
 * A way to a router. It can be opened again and again, one channel at a time; each channel carries whole frames, however
 * the network beneath cuts or merges them. Links are made by {@link webSocketLink}, {@link connectionLink} and, in Node,
 * `linkTo(url)`; anything else with this shape serves as well.
 */
export interface Link {
  /** Where it leads, as a person would write it: `ws://localhost:7330`. */
  readonly url: string;
  /** Whether everything arrives, once and in order. Datagrams do not. */
  readonly reliable: boolean;
  /** Whether it carries text beside frames, as JSON messages need. */
  readonly carriesText: boolean;
  /** Bytes of the largest frame it takes; undefined where every frame goes, which is 65,547. */
  readonly maxFrameBytes?: number | undefined;
  /** Whether the router has ended for good, so that no other attempt is made; undefined where that cannot be known. */
  readonly isGone?: boolean | undefined;
  /**
   * Begins to reach out. None of the events comes before this has returned.
   *
   * @throws Error where it is plain at once that it cannot be done
   */
  open(events: LinkEvents, encoding: ClientEncoding): Channel;
}

/** What an open link reports: `opened`, then `received` any number of times, then `closed`; or `closed` alone. */
export interface LinkEvents {
  /** From now on it can be written to. */
  opened(): void;
  /** Whole frames and texts, in order. The bytes are only read during the call. */
  received(frames: readonly (Uint8Array | string)[]): void;
  /** Messages as they are, where the router is in the same process. They are shared: nobody changes them. */
  told?(messages: readonly Message[]): void;
  /** Once, and last. @param cause why; undefined when the router said goodbye, or we did */
  closed(cause: Error | undefined): void;
}

/** An open link. */
export interface Channel {
  /** Bytes written and not yet taken by the network, as far as that can be known; 0 where it cannot. */
  readonly bufferedBytes: number;
  /** Sends one frame, or the text of one JSON message. Never throws; does nothing on a channel that is not open. */
  send(frame: Uint8Array | string): void;
  /** Sends a message as it is, where the router is in the same process: {@link send} is not used then. */
  readonly tell?: ((message: Message, qos: Qos) => void) | undefined;
  /**
   * Whether some of what is received may have overtaken the rest, as datagrams beside a stream do; undefined where it never can.
   * It may come to be so at any time.
   */
  readonly hasDatagrams?: boolean | undefined;
  /**
   * Sends one frame that may be lost, and may come anywhere among what {@link send} sends.
   *
   * @returns false where it has no way for that, or none for a frame that large: then {@link send} it
   */
  sendLoosely?(frame: Uint8Array): boolean;
  /**
   * Sends what is buffered, then closes so that the router knows that the client leaves: with code 1000 over a WebSocket, after
   * the close message (docs/protocol.md, "Leaving") over streams and datagrams. `closed` follows once the other side has answered.
   */
  close(): void;
  /** Ends it at once and lets go of everything it holds. No event is awaited any more. */
  destroy(): void;
}
