import type { ClaspError } from '../../protocol/errors.js';
import { countFrames, type InboundItem } from '../../protocol/inbound.js';
import type { CloseReason } from '../../util/close-reason.js';
import type { Grant } from '../../core/ports.js';
import type { Departure } from '../../core/system/presence.js';
import type { RestoredState } from '../../core/params/param-state.js';
import type { RouterSession } from '../../core/session.js';
import type { Recorder } from '../../core/recorder.js';
import type { ParamQueryResult, ParamQuery } from '../../core/system/param-query.js';

/** Frames of one session from one read, in order. */
export interface InboundBatch {
  readonly session: RouterSession;
  readonly frames: readonly InboundItem[];
  /** Time of the read by the router's clock; t2 of SYNC. */
  readonly receivedMicros: number;
  /** Index of the first item that is not handled completely. @default 0 */
  readonly next?: number;
  /** Offset of the first unhandled frame in that item, if it is a run. @default 0 */
  readonly offset?: number;
  /** Steps that its frames take at least, if they are estimated. */
  readonly steps?: number;
}

/**
 * Returns a batch to the pipeline, from a frame whose cost exceeds the session's share of this turn. The batch arrives
 * again in a later turn, before other input of the session.
 */
export type DeferBatch = (batch: InboundBatch, next: number, offset: number) => void;

/** `inbound.batch` with a compact JSON form: inspectors get two counts instead of a 64 KiB read. */
export class InboundBatches {
  readonly type = 'inbound.batch';
  readonly batches: readonly InboundBatch[];
  /** undefined if all frames must be handled now. */
  readonly defer: DeferBatch | undefined;
  readonly turn: number | undefined;

  constructor(batches: readonly InboundBatch[], defer?: DeferBatch, turn?: number) {
    this.batches = batches;
    this.defer = defer;
    this.turn = turn;
  }

  toJSON(): object {
    const frames = this.batches.reduce((sum, batch) => sum + countFrames(batch.frames), 0);
    return { type: this.type, batches: this.batches.length, frames };
  }
}

/** Actor events of the router actor. */
export type RouterActorEvent =
  /** Input of all sessions in this turn of the event loop, in order of arrival. */
  | {
      readonly type: 'inbound.batch';
      readonly batches: readonly InboundBatch[];
      /** @default all frames are handled now */
      readonly defer?: DeferBatch | undefined;
      /** Batches with the same number share the time of one turn. @default a turn of their own */
      readonly turn?: number | undefined;
    }
  /** A session was admitted. Its HELLO has not arrived yet. */
  | { readonly type: 'session.opened'; readonly session: RouterSession }
  /** The token of its HELLO is valid: the session can be established. */
  | { readonly type: 'session.authenticated'; readonly session: RouterSession; readonly grant: Grant }
  /** A session ends: send `error` if set, flush queued output, then close the connection. */
  | {
      readonly type: 'session.closing';
      readonly session: RouterSession;
      readonly error: ClaspError | undefined;
      readonly reason: CloseReason;
    }
  /** A session has ended: remove its subscriptions and its send queue. */
  | { readonly type: 'session.closed'; readonly session: RouterSession; readonly departure: Departure }
  /** Send a CLASP PING to a session as a probe. */
  | { readonly type: 'session.probing'; readonly session: RouterSession }
  /** The socket of a congested session is empty. */
  | { readonly type: 'session.drained'; readonly session: RouterSession }
  /**
   * Requests a view of params. `answer` is called while this event is handled, with a ClaspError if the pattern is
   * invalid.
   */
  | {
      readonly type: 'params.requested';
      readonly question: ParamQuery;
      readonly answer: (answer: ParamQueryResult | ClaspError) => void;
    }
  /**
   * Restores the state of an earlier router. `answer` is called while this event is handled, with the number of params
   * that the limits did not admit.
   */
  | {
      readonly type: 'state.restored';
      readonly state: RestoredState;
      readonly answer: (refused: number) => void;
    }
  /** A cut of a store, and all before it, are stored; or they are not, because of `failure`. */
  | { readonly type: 'cut.settled'; readonly cut: number; readonly failure: string | undefined }
  /** Records all further inputs of the core; undefined = ends the recording. */
  | { readonly type: 'recorder.changed'; readonly recorder: Recorder | undefined }
  /** The results of the visibility filter may have changed. */
  | { readonly type: 'visibility.changed' }
  /** A token was revoked. Its sessions are notified separately. */
  | { readonly type: 'token.revoked'; readonly tokenId: string }
  /** Work is due, such as the expiry of a param. */
  | { readonly type: 'clock.due' }
  /** Continues large snapshots. */
  | { readonly type: 'tasks.continue' };
