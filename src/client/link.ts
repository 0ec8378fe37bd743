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
  /** Once, and last. @param cause why; undefined when the router said goodbye, or we did */
  closed(cause: Error | undefined): void;
}

/** An open link. */
export interface Channel {
  /** Bytes written and not yet taken by the network, as far as that can be known; 0 where it cannot. */
  readonly bufferedBytes: number;
  /** Sends one frame, or the text of one JSON message. Never throws; does nothing on a channel that is not open. */
  send(frame: Uint8Array | string): void;
  /** Sends what is buffered, then says goodbye; `closed` follows, if the other side plays along. */
  close(): void;
  /** Ends it at once and lets go of everything it holds. No event is awaited any more. */
  destroy(): void;
}
