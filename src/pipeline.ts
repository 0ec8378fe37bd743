import { catchError, endWith, map, mergeAll, type Observable, of, Subject, tap } from 'rxjs';
import type { Logger } from './actors/ports.js';
import type { InboundBatch, RouterEvent } from './actors/router/router-events.js';
import type { RouterSession } from './actors/router/router-session.js';
import type { SessionEvent } from './actors/session/session-events.js';
import { type Clock, microseconds } from './clock.js';
import { ClaspError, ErrorCode } from './protocol/errors.js';
import { FrameRun } from './protocol/frame-run.js';
import type { InboundFrame as DecodedFrame } from './protocol/inbound.js';
import { TokenBucket } from './token-bucket.js';
import { batchPerTick, decodeFrames, limitRate } from './transports/operators/index.js';
import { type Connection, ConnectionLost, type InboundFrame } from './transports/transport.js';

export interface InboundPipelineOptions {
  /** Gets one `inbound.batch` for each turn of the event loop in which anything came in. */
  readonly router: { send(event: RouterEvent): void };
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

  peers$.pipe(mergeAll(), batchPerTick<Inbound>({ weigh })).subscribe((arrivals) => {
    const batches = arrivals.filter(isBatch);
    if (batches.length > 0) router.send({ type: 'inbound.batch', batches });
    for (const arrival of arrivals) if (!isBatch(arrival)) arrival.session.notify(arrival.end);
  });

  return {
    attach(session, connection) {
      // What is part of this process limits itself.
      if (maxMessagesPerSecond > 0 && connection.isTrusted !== true) {
        session.allowance = new TokenBucket({ perSecond: maxMessagesPerSecond }, clock.now());
      }
      const { batches$, messages$ } = connection;
      const decoded$: Observable<readonly DecodedFrame[]> =
        messages$ ??
        batches$.pipe(
          tap((batch) => {
            session.traffic.receivedBytes += bytesIn(batch);
          }),
          limitRate<InboundFrame>({ messagesPerSecond: maxMessagesPerSecond, clock, bucket: session.allowance }),
          decodeFrames(),
        );
      peers$.next(
        decoded$.pipe(
          map((frames): Inbound => ({ session, frames, receivedMicros: microseconds(clock) })),
          endWith<Inbound>({ session, end: { type: 'connection.closed' } }),
          catchError((error: unknown) => of<Inbound>({ session, end: failure(error, session, logger) })),
        ),
      );
    },
  };
}

/** The end of a connection travels behind its last batch: a SET that came in the same read as the goodbye still counts. */
type Inbound = InboundBatch | { readonly session: RouterSession; readonly end: SessionEvent };

function isBatch(arrival: Inbound): arrival is InboundBatch {
  return 'frames' in arrival;
}

function weigh(arrival: Inbound): number {
  return isBatch(arrival) ? arrival.frames.length : 1;
}

/** Of frames; a text counts its characters, which are nearly its bytes. */
function bytesIn(batch: readonly InboundFrame[]): number {
  let bytes = 0;
  for (const item of batch) bytes += item instanceof FrameRun ? item.bytes.length : item.length;
  return bytes;
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
