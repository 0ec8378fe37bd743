import type { ClaspError } from '../../protocol/errors.js';
import type { InboundFrame } from '../../protocol/inbound.js';
import type { CloseReason } from '../../util/close-reason.js';
import type { Grant } from '../../core/ports.js';
import type { Departure } from '../../core/system/presence.js';
import type { Statistics } from '../../core/system/statistics.js';
import type { RouterSession } from '../../core/session.js';
import type { ParamQueryResult, ParamQuery } from '../../core/system/param-query.js';

/** What one session sent in one read, decoded. */
export interface InboundBatch {
  readonly session: RouterSession;
  readonly frames: readonly InboundFrame[];
  /** When it was read, by the router's clock; SYNC's t2. */
  readonly receivedMicros: number;
  /** Index of the first frame that is still to be handled. @default 0 */
  readonly next?: number;
}

/**
 * Takes a batch back, from a frame on that costs more than its session may use in this turn of the event loop: it comes again in a later
 * one, in front of everything else of the session.
 */
export type DeferBatch = (batch: InboundBatch, next: number) => void;

/** `inbound.batch` with a compact JSON form: inspectors get two counts, not a read of 64 KiB. */
export class InboundBatches {
  readonly type = 'inbound.batch';
  readonly batches: readonly InboundBatch[];
  /** undefined if everything is to be handled now. */
  readonly defer: DeferBatch | undefined;

  constructor(batches: readonly InboundBatch[], defer?: DeferBatch) {
    this.batches = batches;
    this.defer = defer;
  }

  toJSON(): object {
    const frames = this.batches.reduce((sum, batch) => sum + batch.frames.length, 0);
    return { type: this.type, batches: this.batches.length, frames };
  }
}

/** What the router actor is told. */
export type RouterActorEvent =
  /** All that all sessions sent in this turn of the event loop, in order of arrival. */
  | {
      readonly type: 'inbound.batch';
      readonly batches: readonly InboundBatch[];
      /** @default everything is handled now */
      readonly defer?: DeferBatch | undefined;
    }
  /** A session was admitted; its HELLO is still to come. */
  | { readonly type: 'session.opened'; readonly session: RouterSession }
  /** The token of its HELLO is good: it is to be let in. */
  | { readonly type: 'session.authenticated'; readonly session: RouterSession; readonly grant: Grant }
  /** A session is on its way out: say `error` if there is one, flush what is queued, then close the connection. */
  | {
      readonly type: 'session.closing';
      readonly session: RouterSession;
      readonly error: ClaspError | undefined;
      readonly reason: CloseReason;
    }
  /** A session is gone: forget its subscriptions and its queue. */
  | { readonly type: 'session.closed'; readonly session: RouterSession; readonly departure: Departure }
  /** A session is asked for a sign of life by a CLASP PING. */
  | { readonly type: 'session.probing'; readonly session: RouterSession }
  /** The socket of a congested session has taken everything. */
  | { readonly type: 'session.drained'; readonly session: RouterSession }
  /** Somebody asks for figures, and has them when this has been handled. */
  | { readonly type: 'statistics.requested'; readonly answer: (statistics: Statistics) => void }
  /** Somebody wants to see params, and has when this has been handled; or has been told by a ClaspError that the pattern is none. */
  | {
      readonly type: 'params.requested';
      readonly question: ParamQuery;
      readonly answer: (answer: ParamQueryResult | ClaspError) => void;
    }
  /** The visibility filter may answer otherwise from now on. */
  | { readonly type: 'visibility.changed' }
  /** A token no longer holds. Its sessions hear of it by themselves. */
  | { readonly type: 'token.revoked'; readonly tokenId: string }
  /** Something is due: a param expires. */
  | { readonly type: 'clock.due' }
  /** Time for the next piece of a large snapshot. */
  | { readonly type: 'tasks.continue' };
