/** A limit that new connections may have to wait for. `place` is what `placeOf()` returns: undefined for this computer. */
export interface Gate<T> {
  /** Returns why a connection cannot be accepted now; undefined if it can. Changes nothing that a later check depends on. */
  check(place: string | undefined, nowMs: number): Block | undefined;
  /** Counts a connection that is accepted. */
  enter(item: T, place: string | undefined, nowMs: number): void;
  /** Makes capacity for a connection that waits for this gate. @returns whether it did */
  relieve?(place: string | undefined, block: Block, nowMs: number): boolean;
}

/** Why a connection cannot be accepted now. */
export interface Block {
  /** `place`: a limit of its address; `all`: a limit of all addresses together. */
  readonly scope: 'place' | 'all';
  /** For a person: `its address connects more than 200 times a second`. */
  readonly text: string;
  /** Whether waiting is of no use: the connection is refused at once. @default false */
  readonly isFinal?: boolean | undefined;
}
