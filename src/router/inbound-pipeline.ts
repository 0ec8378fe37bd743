import { mergeAll, Observable, Subject, tap } from 'rxjs';
import type { Logger } from '../core/ports.js';
import { InboundBatches, type RouterActorEvent } from '../actors/router/router-actor-events.js';
import type { RouterSession } from '../core/session.js';
import type { SessionEvent } from '../core/session-events.js';
import { type Clock, microseconds } from '../util/clock.js';
import { isCloseFrame } from '../protocol/close-message.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { InboundFrame as DecodedFrame } from '../protocol/inbound.js';
import { TokenBucket } from '../util/token-bucket.js';
import { type Departure, type Inbound, isBatch, TurnQueue } from './turn-queue.js';
import { batchPerTick, byteLengthOf, decodeFrames, limitRate } from '../transports/operators/index.js';
import { type Connection, ConnectionLost, type InboundFrame } from '../transports/transport.js';
import { TickBudgetQueue } from '../net/tick-budget-queue.js';

export interface InboundPipelineOptions {
  /** Gets one `inbound.batch` for each turn of the event loop in which anything came in. */
  readonly router: { send(event: RouterActorEvent): void };
  /** Messages a second of one session that pass, a bundle counting as what it holds; 0 lets everything through. */
  readonly maxMessagesPerSecond: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface InboundPipeline {
  /** Begins to read a connection. The session machine hears of its end, after the router has seen all that came before. */
  attach(session: RouterSession, connection: Connection): void;
}

/**
 * The way of all messages from the connections to the router actor. Whatever happens to one connection is that one's
 * alone: the merged stream neither errors nor ends, and holds nothing but the connections that are open.
 */
export function inboundPipeline(options: InboundPipelineOptions): InboundPipeline {
  const { router, maxMessagesPerSecond, clock, logger } = options;
  const peers$ = new Subject<Observable<Inbound>>();
  // To let a session go takes as long as routing two hundred messages: when a switch fails and a thousand tablets vanish in one
  // instant, those who are still there are not to notice.
  const departures = new TickBudgetQueue<Departure>({
    perTurn: 32,
    pass: ({ session, end }) => {
      session.notify(end);
    },
  });

  const turns = new TurnQueue({
    handle: (batches, defer) => {
      router.send(new InboundBatches(batches, defer));
    },
    depart: (departure) => {
      departures.push(departure);
    },
    hold: ({ link }, isHeld) => {
      if (isHeld) link.hold?.();
      else link.release?.();
    },
  });

  peers$.pipe(mergeAll(), batchPerTick<Inbound>({ weigh })).subscribe((arrivals) => {
    turns.push(arrivals);
  });

  return {
    attach(session, connection) {
      // What is part of this process limits itself.
      if (maxMessagesPerSecond > 0 && connection.isTrusted !== true) {
        session.allowance = new TokenBucket({ perSecond: maxMessagesPerSecond }, clock.now());
      }
      const { traffic } = session;
      const countBytes = (byteLength: number): void => {
        traffic.receivedBytes += byteLength;
      };
      const { batches$, messages$ } = connection;
      const { allowance: bucket } = session;
      // What is dropped for its rate has been received all the same; where nothing is, counting costs no operator of its own.
      const decoded$: Observable<readonly DecodedFrame[]> =
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
                passesLast: isCloseFrame, // a client that is over its rate can still leave
              }),
              decodeFrames(),
            ));
      peers$.next(arrivals(session, decoded$, clock, logger));
    },
  };
}

/**
 * What comes from one connection, its end behind the rest. One operator and not `map`, `endWith` and `catchError`: each session holds its
 * chain for as long as it lives, and those three took 4 KB of its 18.
 */
function arrivals(
  session: RouterSession,
  decoded$: Observable<readonly DecodedFrame[]>,
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
  return isBatch(arrival) ? arrival.frames.length : 1;
}

/** Connections break, and that is no fault; anything else that comes up here is ours. */
function failure(error: unknown, session: RouterSession, logger: Logger): SessionEvent {
  if (error instanceof ConnectionLost) return { type: 'connection.lost', error };
  logger.error({ err: error, session: session.id }, 'internal error while reading from a connection');
  return {
    type: 'session.failed',
    error: new ClaspError(ErrorCode.InternalError, 'Internal error', { cause: error }),
  };
}
