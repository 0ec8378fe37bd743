import { mergeAll, Observable, Subject, tap } from 'rxjs';
import type { Logger } from '../core/ports.js';
import { InboundBatches, type RouterActorEvent } from '../actors/router/router-actor-events.js';
import type { RouterSession } from '../core/session.js';
import type { SessionEvent } from '../core/session-events.js';
import { recentUse } from '../core/scheduling/turn-use.js';
import { type Clock, microseconds } from '../util/clock.js';
import { isCloseFrame } from '../protocol/close-message.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { countFrames, type InboundItem } from '../protocol/inbound.js';
import { TokenBucket } from '../util/token-bucket.js';
import { type Departure, type Inbound, isBatch, TurnQueue } from './turn-queue.js';
import { batchPerTick, byteLengthOf, decodeFrames, limitRate } from '../transports/operators/index.js';
import { type Connection, ConnectionLost, type InboundFrame } from '../transports/transport.js';
import { TickBudgetQueue } from '../net/tick-budget-queue.js';

export interface InboundPipelineOptions {
  /** Receives one `inbound.batch` for each turn of the event loop with input. */
  readonly router: { send(event: RouterActorEvent): void };
  /** Maximum messages per second of one session, including those in bundles; 0 is unlimited. */
  readonly maxMessagesPerSecond: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface InboundPipeline {
  /**
   * Starts to read a connection. The session machine is notified of its end after the router has handled all earlier
   * input.
   */
  attach(session: RouterSession, connection: Connection): void;
}

/**
 * The pipeline of all messages from the connections to the router actor. A failure of one connection does not affect
 * the others: the merged stream neither errors nor ends, and references only open connections.
 */
export function inboundPipeline(options: InboundPipelineOptions): InboundPipeline {
  const { router, maxMessagesPerSecond, clock, logger } = options;
  const peers$ = new Subject<Observable<Inbound>>();
  // Closing a session costs about 200 routed messages. The pipeline limits closes per tick, so that a thousand sessions
  // lost at the same instant, such as after the failure of a switch, do not delay the others.
  const departures = new TickBudgetQueue<Departure>({
    perTurn: 16,
    pass: ({ session, end }) => {
      session.notify(end);
    },
  });

  const turns = new TurnQueue({
    handle: (batches, defer, turn) => {
      router.send(new InboundBatches(batches, defer, turn));
    },
    ranking: () => {
      const nowMicros = microseconds(clock);
      return (session) => recentUse(session.turn, nowMicros);
    },
    depart: (departure) => {
      departures.push(departure);
    },
    hold: ({ link }, isHeld) => {
      if (isHeld) link.hold?.();
      else link.release?.();
    },
  });

  // Waiting input is handled at the end of this turn of the event loop, before the end of a batch. Therefore what
  // arrives meanwhile joins it at once: the message of a client that sends little waits one turn less.
  const isImmediate = (): boolean => turns.size > 0;
  peers$.pipe(mergeAll(), batchPerTick<Inbound>({ weigh, isImmediate })).subscribe((arrivals) => {
    turns.push(arrivals);
  });

  return {
    attach(session, connection) {
      // In-process sessions have no rate limit.
      if (maxMessagesPerSecond > 0 && connection.isTrusted !== true) {
        session.allowance = new TokenBucket({ perSecond: maxMessagesPerSecond }, clock.now());
      }
      const { traffic } = session;
      const countBytes = (byteLength: number): void => {
        traffic.receivedBytes += byteLength;
      };
      const { batches$, messages$ } = connection;
      const { allowance: bucket } = session;
      // Messages dropped for their rate count as received. Without a rate limit, counting needs no separate operator.
      const decoded$: Observable<readonly InboundItem[]> =
        messages$ ??
        (bucket === undefined
          ? batches$.pipe(decodeFrames(countBytes))
          : batches$.pipe(
              tap((batch) => {
                countBytes(byteLengthOf(batch));
              }),
              limitRate<InboundFrame>({
                messagesPerSecond: maxMessagesPerSecond,
                clock,
                bucket,
                passesLast: isCloseFrame, // a client above its rate can still leave
              }),
              decodeFrames(),
            ));
      peers$.next(arrivals(session, decoded$, clock, logger));
    },
  };
}

/**
 * Emits the input of one connection, then its end. It is one operator instead of `map`, `endWith` and `catchError`,
 * because each session keeps its chain, and those three took 4 KB of its 18 KB.
 */
function arrivals(
  session: RouterSession,
  decoded$: Observable<readonly InboundItem[]>,
  clock: Clock,
  logger: Logger,
): Observable<Inbound> {
  return new Observable((subscriber) => {
    const finish = (end: SessionEvent): void => {
      subscriber.next({ session, end });
      subscriber.complete();
    };
    return decoded$.subscribe({
      next: (frames) => {
        subscriber.next({ session, frames, receivedMicros: microseconds(clock) });
      },
      error: (error: unknown) => {
        finish(failure(error, session, logger));
      },
      complete: () => {
        finish({ type: 'connection.closed' });
      },
    });
  });
}

function weigh(arrival: Inbound): number {
  return isBatch(arrival) ? countFrames(arrival.frames) : 1;
}

/** A lost connection is not a fault. Any other error here is a bug in the router. */
function failure(error: unknown, session: RouterSession, logger: Logger): SessionEvent {
  if (error instanceof ConnectionLost) return { type: 'connection.lost', error };
  logger.error({ err: error, session: session.id }, 'internal error while reading from a connection');
  return {
    type: 'end.failed',
    error: new ClaspError(ErrorCode.InternalError, 'Internal error', { cause: error }),
  };
}
