import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import type { Scope } from '../protocol/scope.js';
import type { Pattern } from '../protocol/pattern.js';
import type { Value } from '../protocol/values/value.js';

export type { Change, ChangeLog } from './change.js';

export type { ParamWatch, WatchedParam } from './param-watch.js';

export type { ReplyHold } from './reply-hold.js';

/** Ports of the actors. A feature is added by implementing a port, without changing an actor. */

/** Destination of log lines: a subset of pino's interface. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Wraps a logger so that it never throws. A full disk must not stop the router. */
export function unfailing(logger: Logger): Logger {
  const attempt =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // A failed log call cannot be reported anywhere.
      }
    };
  return { debug: attempt('debug'), info: attempt('info'), warn: attempt('warn'), error: attempt('error') };
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Authenticates clients and states their permissions (router.md 9). */
export interface Authenticator {
  /**
   * Validates the token of a HELLO.
   *
   * @throws ClaspError 300 or 302. The peer receives its text, which must not contain the token. Any other exception is
   *   an internal error.
   */
  authenticate(token: string): Promise<Grant>;
  /**
   * Calls the listener once if a grant ends early because its token was revoked.
   *
   * @returns stops watching
   */
  onRevoked(grant: Grant, listener: () => void): () => void;
}

/** Permissions of a token. Contains no secret, because it is logged and inspected. */
export interface Grant {
  /** Identifies the token without being it. `revoke` takes this ID. */
  readonly tokenId: string;
  /** The subject that the token was issued to. */
  readonly subject: string | undefined;
  /** Permitted operations; none if empty. */
  readonly scopes: readonly Scope[];
  /** Bounds on permitted writes. If several match an address, all apply. */
  readonly constraints: readonly Constraint[];
  /** Unix time in seconds before which the grant is not valid yet. @default valid at once */
  readonly notBeforeSeconds?: number | undefined;
  /** Unix time in seconds from which the grant is no longer valid; undefined = never expires. */
  readonly expiresAtSeconds: number | undefined;
}

/** Identity of a session, for hooks that decide what it can do or see. */
export interface SessionIdentity {
  readonly id: string;
  /** The name in HELLO. The router does not verify it. */
  readonly name: string;
  readonly transport: string;
  readonly remoteAddress: string;
  /** The permissions of its token; undefined on a router without authentication. */
  readonly grant: Grant | undefined;
}

/** A SET or PUBLISH that the router is about to apply, also one in a bundle. */
export interface ProposedWrite {
  readonly kind: 'set' | 'publish';
  readonly address: string;
  /** Decoded on first access; undefined if the message has no value. */
  readonly value: Value | undefined;
  readonly session: SessionIdentity;
}

/**
 * Makes the final decision on every write, after the scope checks and before any change. Called on the hot path: it
 * must return synchronously.
 *
 * @returns undefined to accept the write, or the reason for refusal, which the writer receives with ERROR 403
 */
export type WriteValidator = (write: ProposedWrite) => string | undefined;

/**
 * Decides whether a session can see an address. Applies to live traffic, snapshots, GET and QUERY. The router caches
 * the result until subscriptions change or the program reports a change.
 */
export type VisibilityFilter = (address: string, session: SessionIdentity) => boolean;

/** Rules that the program declares for some addresses. `defineSignals` creates them. */
export interface SignalRules {
  /** Definitions that the router itself announces while it runs. QUERY finds them. */
  readonly definitions: readonly SignalDefinition[];
  /**
   * Validates a SET or PUBLISH. Called on the hot path: it must return synchronously.
   *
   * @param value the value, the samples of a stream, or a timeline as a value; undefined if the message has none of
   *   them
   * @param phase of a gesture
   * @returns undefined to accept the write, or the reason for refusal, which the writer receives with ERROR 402
   */
  check(address: string, value: Value | undefined, type: SignalType, phase?: GesturePhase): string | undefined;
}

/** Bounds on what a session may write to some addresses. */
export interface Constraint {
  readonly pattern: Pattern;
  /** Minimum and maximum of a number in a SET or PUBLISH, both inclusive. */
  readonly range?: readonly [number, number] | undefined;
  /** Maximum writes per second to all addresses of the pattern together. */
  readonly maxRate?: number | undefined;
}

/** Messages that were not delivered since the router started, by reason. */
export interface DropCounts {
  /** Messages above the rate limit of their session. */
  readonly rateLimited: number;
  /** Frames that could not be decoded. */
  readonly malformed: number;
  /** Param values that a newer value replaced in the queue of a slow session. */
  readonly conflated: number;
  /** Stream values and gesture moves that were dropped from the queue of a slow session. */
  readonly dropped: number;
  /** Sessions closed because their queue exceeded its limit. */
  readonly overflows: number;
  /** Params evicted to free capacity. */
  readonly evictedParams: number;
  /** Params whose TTL expired. */
  readonly expiredParams: number;
  /** Announced signals, scheduled bundles and last wills that were evicted to free capacity. */
  readonly evictedSignals: number;
  readonly droppedBundles: number;
  readonly droppedWills: number;
}
