import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import type { Scope } from '../protocol/scope.js';
import type { Pattern } from '../protocol/pattern.js';
import type { Value } from '../protocol/values/value.js';

/**
 * What the actors ask of the outside. A feature is plugged in by satisfying a port; it never edits an actor.
 */

/** Where log lines go: a subset of pino, so a pino logger is one. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger that never throws: a full disk must not cost a show its router. */
export function unfailing(logger: Logger): Logger {
  const attempt =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // There is nobody to tell.
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

/** Who may come in, and what they may do (router.md 9). */
export interface Authenticator {
  /**
   * Looks at the token of a HELLO.
   *
   * @throws ClaspError 300 or 302 with what the peer is to be told, never with the token; anything else thrown is a fault of ours
   */
  authenticate(token: string): Promise<Grant>;
  /**
   * Calls back, once, when a grant ends before its time because its token was revoked.
   *
   * @returns stops watching
   */
  onRevoked(grant: Grant, listener: () => void): () => void;
}

/** What a token gives. Holds nothing secret: it is logged and looked at. */
export interface Grant {
  /** Names the token without being it: what `revoke` takes. */
  readonly tokenId: string;
  /** Who it was given to. */
  readonly subject: string | undefined;
  /** What it allows; nothing when empty. */
  readonly scopes: readonly Scope[];
  /** What it allows only within bounds; all that match an address hold. */
  readonly constraints: readonly Constraint[];
  /** Unix time in seconds before which it does not hold yet. @default it holds already */
  readonly notBeforeSeconds?: number | undefined;
  /** Unix time in seconds from which it no longer holds; undefined = never. */
  readonly expiresAtSeconds: number | undefined;
}

/** Who is meant, where somebody else decides what a session may do or see. */
export interface SessionIdentity {
  readonly id: string;
  /** From HELLO: what it calls itself, which proves nothing. */
  readonly name: string;
  readonly transport: string;
  readonly remoteAddress: string;
  /** What its token gives; undefined on an open router. */
  readonly grant: Grant | undefined;
}

/** A SET or PUBLISH that is about to be done; one in a bundle too. */
export interface ProposedWrite {
  readonly kind: 'set' | 'publish';
  readonly address: string;
  /** Built when it is asked for; undefined where the message carries none. */
  readonly value: Value | undefined;
  readonly session: SessionIdentity;
}

/**
 * Has the last word on every write, after scopes and before anything has changed. Called on the hot path: it has to answer at once.
 *
 * @returns undefined to let it pass, or why not, which the writer is told with ERROR 403
 */
export type WriteValidator = (write: ProposedWrite) => string | undefined;

/**
 * Whether a session may know of an address: asked for live traffic, snapshots, GET and QUERY. The answer is remembered until
 * subscriptions change or the router is told that it has changed.
 */
export type VisibilityFilter = (address: string, session: SessionIdentity) => boolean;

/** What the owner of the router says of some addresses beforehand; `defineSignals` makes it. */
export interface SignalRules {
  /** The router itself announces these, for as long as it runs: QUERY finds them. */
  readonly definitions: readonly SignalDefinition[];
  /**
   * Whether a SET or PUBLISH may be done. Called on the hot path: it has to answer at once.
   *
   * @param value the value, the samples of a stream, or a timeline as a value; undefined where the message carries none of them
   * @param phase of a gesture
   * @returns undefined to let it pass, or why not, which the writer is told with ERROR 402
   */
  check(address: string, value: Value | undefined, type: SignalType, phase?: GesturePhase): string | undefined;
}

/** Bounds on what a session may write to some addresses. */
export interface Constraint {
  readonly pattern: Pattern;
  /** Least and greatest number a SET or PUBLISH may carry, both included. */
  readonly range?: readonly [number, number] | undefined;
  /** Writes a second to all addresses of the pattern together, at most. */
  readonly maxRate?: number | undefined;
}
