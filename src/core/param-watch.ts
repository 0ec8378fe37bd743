import type { SignalDefinition, SnapshotEntry } from '../protocol/messages/message.js';

/** A param, as a watch sees it. Only `stored` and `based` belong to the watch. */
export interface WatchedParam {
  readonly address: string;
  /** 0 before the first write of a param that never existed. */
  readonly revision: number;
  /** Whether it has a value: false between its creation and its first write. */
  readonly hasValue: boolean;
  /** The param was removed. A new param of this address is another object. */
  readonly isRemoved: boolean;
  /** Time to live; 0 = unlimited. */
  readonly ttlMicros: number;
  readonly ttlIsAbsolute: boolean;
  /** By the router's monotonic clock; Infinity = never. */
  readonly expiresAtMicros: number;
  /** The generation of the last {@link ParamWatch.touch}; 0 before the first. Set by the watch. */
  stored: number;
  /** For the watch. */
  based: number;
  /** Returns the present value with revision, writer and time. It is valid until the next write: copy it. */
  entry(protocolAheadMicros: number): SnapshotEntry;
}

/**
 * Sees every param before it changes: value, time to live, removal. A store marks changed params with it, and copies
 * the earlier value of those that belong to a cut that is being written.
 */
export interface ParamWatch {
  /** The current generation, at least 1. Beginning a new one costs O(1). */
  readonly generation: number;
  /**
   * Called before a change, if `param.stored` is not the current generation. Must set it, so that further changes of the
   * same generation cost one comparison. Must not throw: the write that causes the call would fail.
   */
  touch(param: WatchedParam): void;
  /** Called once with all that the router retains, before the first {@link touch}. */
  attach?(state: WatchedState): void;
}

/** What a router retains, as a watch reads it. Its iterators are lazy, and safe while entries are added and removed. */
export interface WatchedState {
  /** Microseconds to add to the router's monotonic time for the protocol's time, as of the last reading of the clock. */
  readonly protocolAheadMicros: number;
  /** Returns all params, including expired ones that are not removed yet. */
  params(): IterableIterator<WatchedParam>;
  /** Returns the last revisions of removed params. */
  tombstones(): IterableIterator<readonly [address: string, revision: number]>;
  /** Returns the announced definitions, which never change. */
  signals(): readonly SignalDefinition[];
}

/** Watches nothing. New params have generation 0, so it is never called. */
export const noParamWatch: ParamWatch = { generation: 0, touch: () => undefined };
