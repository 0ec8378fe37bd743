import type { SendBuffers } from '../../core/congestion/send-buffers.js';
import { internalError, type InternalErrors } from '../../core/internal-errors.js';
import type { RouterCore } from '../../core/router-core.js';
import type { TurnShares } from '../../core/scheduling/turn-shares.js';
import type { RouterSession } from '../../core/session.js';
import type { InboundMessage } from '../../protocol/inbound.js';
import { FrameCursor } from './frame-cursor.js';
import type { DeferBatch, InboundBatch } from './router-actor-events.js';
import type { SessionOutput } from './session-output.js';

interface SessionInputParts {
  readonly core: RouterCore;
  readonly turns: TurnShares;
  readonly buffers: SendBuffers;
  readonly output: SessionOutput;
  readonly errors: InternalErrors;
}

/** All steps are read before a message whose place in its batch has none of these bits. */
const STEPS_MASK = 15;

/** Passes the frames of sessions to the core, up to the share of each session in a turn. */
export class SessionInput {
  readonly #core: RouterCore;
  readonly #turns: TurnShares;
  readonly #buffers: SendBuffers;
  readonly #output: SessionOutput;
  readonly #errors: InternalErrors;

  constructor({ core, turns, buffers, output, errors }: SessionInputParts) {
    this.#core = core;
    this.#turns = turns;
    this.#buffers = buffers;
    this.#output = output;
    this.#errors = errors;
  }

  /**
   * Handles the frames of a batch.
   *
   * @param defer takes back frames that exceed the session's share of this turn
   * @returns whether it took back some
   */
  take(batch: InboundBatch, defer?: DeferBatch): boolean {
    const { session, receivedMicros } = batch;
    session.lastActivityMicros = receivedMicros;
    session.lastReceivedMicros = receivedMicros;
    const core = this.#core;
    const { work } = core;
    const turns = this.#turns;
    const { outbox } = session;
    let { highWaterBytes } = this.#buffers; // changes only when something is written
    const isLimited = defer !== undefined && session.link.isTrusted !== true;
    const { steps } = core;
    const cost = turns.costAt(steps);
    const lastCost = isLimited ? turns.lastCostOf(session, cost) : Infinity;
    let lastWork = work.steps + (lastCost - cost);
    const cursor = new FrameCursor(batch);
    let handled = 0;
    let isDone = false;
    while (!isDone) {
      try {
        while (work.steps < lastWork && cursor.next()) {
          handled++;
          const { run, frame } = cursor;
          if (run !== undefined) core.handleBytes(session, run.bytes, cursor.start, cursor.end, receivedMicros);
          else if (frame !== undefined) core.handle(session, frame, receivedMicros);
          // Small requests can have large replies, thousands in one read. Output above this mark is therefore flushed
          // before the end of the tick. Either the socket takes it, or the session is congested and its send queue has
          // limits.
          if (outbox.byteLength > highWaterBytes) {
            this.#output.flush(session);
            ({ highWaterBytes } = this.#buffers);
          }
          // All steps cost three objects to read, 12 ns. Deliveries of a few messages exceed the share only slightly.
          if ((handled & STEPS_MASK) === 0) lastWork = work.steps + (lastCost - turns.costAt(core.steps));
        }
        isDone = true;
      } catch (error) {
        this.#messageFailed(session, messageAt(cursor), error);
      }
    }
    session.traffic.receivedMessages += handled;
    if (!isLimited) return false;
    const stepsAfter = core.steps;
    turns.spend(session, stepsAfter - steps, turns.costAt(stepsAfter) - cost);
    const { position } = cursor;
    if (position === undefined) return false;
    turns.close(session);
    defer(batch, position.next, position.offset);
    return true;
  }

  /**
   * Any peer input ends in a ClaspError; another exception is a bug in the router. It aborts this message. A session
   * whose HELLO fails is unusable, and one that causes such errors repeatedly is closed.
   */
  #messageFailed(session: RouterSession, message: InboundMessage | undefined, error: unknown): void {
    this.#errors.add(error, message?.type ?? 'decoding', session);
    if (!session.established || this.#errors.isLastOf(session, this.#core.nowMicros))
      return failSession(session, error);
    try {
      this.#core.sendError(session, internalError(error, message && subjectOf(message)));
    } catch {
      failSession(session, error); // the first error is reported
    }
  }
}

/** Ends a session after an internal error. */
export function failSession(session: RouterSession, cause: unknown): void {
  session.notify({ type: 'end.failed', error: internalError(cause) });
}

/** Returns the message of the current frame; undefined if decoding it is what failed. */
function messageAt(cursor: FrameCursor): InboundMessage | undefined {
  try {
    return cursor.decoded().message;
  } catch {
    return undefined;
  }
}

/** Returns the address that identifies a message in its ERROR, if it has one. */
function subjectOf(message: InboundMessage): string | undefined {
  if ('address' in message) return message.address;
  if ('pattern' in message) return message.pattern;
  return message.type === 'announce' ? message.namespace : undefined;
}
