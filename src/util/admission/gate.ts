/** A limit for new connections. `place` is the result of `clientPrefix()`: undefined for this computer. */
export interface Gate<T> {
  /** Returns why a connection cannot be accepted now; undefined if it can. Has no effect on later checks. */
  check(place: string | undefined, nowMs: number): Block | undefined;
  /** Counts an accepted connection. */
  enter(item: T, place: string | undefined, nowMs: number): void;
  /** Makes capacity for a connection that waits for this gate. @returns whether it did */
  relieve?(place: string | undefined, block: Block, nowMs: number): boolean;
}

/** Why a connection cannot be accepted now. */
export interface Block {
  /** `place`: a limit per address; `all`: a limit for all addresses together. */
  readonly scope: 'place' | 'all';
  /** Human-readable reason: `its address connects more than 200 times a second`. */
  readonly text: string;
  /** Whether waiting cannot help: the connection is refused at once. @default false */
  readonly isFinal?: boolean | undefined;
}
