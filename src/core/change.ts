import type { SignalType } from '../protocol/enumerations.js';
import type { PublishMessage, SignalDefinition } from '../protocol/messages/message.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';

/** The session that caused a change. */
export interface ChangeWriter {
  readonly id: string;
  readonly name: string;
}

/** A SET as stored: after the conflict strategy, with its new revision. */
export interface ParamChange {
  readonly type: 'set';
  readonly address: string;
  readonly value: EncodedValue;
  readonly revision: number;
  readonly writer: ChangeWriter;
  /** Time of the write, in microseconds of the protocol's clock. */
  readonly atMicros: number;
  /** Time to live; 0 = unlimited. */
  readonly ttlMicros: number;
  /** Whether the time to live counts from the write instead of the last use. */
  readonly ttlIsAbsolute: boolean;
  /** The param expires at this time of the protocol's clock, unless it is used; Infinity = never. */
  readonly expiresAtMicros: number;
}

/** A PUBLISH as delivered: a gesture after its throttle, with the cancel that the router adds. */
export interface PublishChange {
  readonly type: 'publish';
  readonly message: PublishMessage;
  /** undefined: the router. */
  readonly writer: ChangeWriter | undefined;
  readonly atMicros: number;
}

/** A param was removed. Its next revision is `revision` + 1. */
export interface RemovalChange {
  readonly type: 'removed';
  readonly address: string;
  readonly revision: number;
  /** `removed`: a session removed it. */
  readonly reason: 'removed' | 'expired' | 'evicted';
  readonly atMicros: number;
}

/** A lock was taken, passed to another session, or released (no holder). A removed param has no lock. */
export interface LockChange {
  readonly type: 'lock';
  readonly address: string;
  readonly holder: ChangeWriter | undefined;
}

/** A signal definition was announced, in place of an earlier one of its address. */
export interface AnnounceChange {
  readonly type: 'announced';
  readonly definition: SignalDefinition;
}

/** A signal definition expired, was evicted, or its token was revoked. */
export interface ForgetChange {
  readonly type: 'forgotten';
  readonly address: string;
}

/** The changes up to `bundleEnd` belong together: all of them apply, or none. */
export interface BundleChange {
  readonly type: 'bundleBegin' | 'bundleEnd';
  readonly writer: ChangeWriter;
}

/** A change that the router has accepted. */
export type Change =
  ParamChange | PublishChange | RemovalChange | LockChange | AnnounceChange | ForgetChange | BundleChange;

/** A place in a log. Increases by one per change, from 1. */
export type Position = number;

/** Receives accepted changes in the order in which the router applied them. */
export interface ChangeLog {
  /**
   * Whether the log receives the changes of an address. Called once per address and type until subscriptions change, so
   * that a message needs no match. Addresses below `/$clasp` are never asked for.
   *
   * @param type `param` also decides about removals and locks; undefined for a PUBLISH without a type. Announced
   *   definitions are decided by `announced`, with their address, which can be a pattern
   */
  wants(address: string, type: SignalType | 'announced' | undefined): boolean;
  /**
   * Receives the changes of one turn, and within a long turn the changes so far. Values are valid until the call
   * returns. Must not throw.
   *
   * @returns the position of the last change
   */
  append(changes: readonly Change[]): Position;
  /**
   * Calls the listener with the position up to which changes are durable, each time that it increases.
   *
   * @returns a function that removes the listener
   */
  onCommitted(listener: (position: Position) => void): () => void;
}

/** A set of logs: bit n stands for log n. */
export type LogMask = number;
