import { fromCallback } from 'xstate';
import { type Clock, systemClock } from '../../util/clock.js';
import type { Connection, Listener } from '../../transports/transport.js';
import type { Logger } from '../../core/ports.js';
import { type FaultCounts, FaultLog } from './rejection-log.js';

export interface AcceptorInput {
  readonly listener: Listener;
  /** Takes each peer that comes through: not one machine transition for it. */
  readonly accept: (connection: Connection) => void;
  readonly logger: Logger;
  /** Thins out the lines about those who did not get in. @default the system's */
  readonly clock?: Clock | undefined;
  /** Counts those who did not get in. */
  readonly faultCounts?: FaultCounts | undefined;
}

/** What an open door says of itself. */
export type AcceptorEvent =
  | { readonly type: 'listener.failed'; readonly error: Error }
  /** Nobody comes through any more, and the port is free. */
  | { readonly type: 'listener.stopped' };

/**
 * An open door as an actor: while it lives peers come in, and when it is stopped the door is shut, whoever stopped it.
 * It goes on accepting until the transport has really stopped, so that no peer is left standing between the two.
 */
export const acceptor = fromCallback<{ readonly type: 'listener.stopping' }, AcceptorInput>(
  ({ input, sendBack, receive }) => {
    const { listener, accept, logger, clock = systemClock, faultCounts } = input;
    let shut: Promise<void> | undefined;
    const shutOnce = (): Promise<void> =>
      (shut ??= listener.close().catch((error: unknown) => {
        logger.warn({ err: error }, 'a listener did not close as it should');
      }));
    const report = (event: AcceptorEvent): void => {
      sendBack(event);
    };
    const shutAndSay = (): void => {
      void shutOnce().then(() => {
        report({ type: 'listener.stopped' });
      });
    };

    const subscription = listener.connections$.subscribe({
      next: accept,
      error: (error: unknown) => {
        report({ type: 'listener.failed', error: error instanceof Error ? error : new Error(String(error)) });
      },
      complete: shutAndSay,
    });
    const { transport = '', url = '' } = listener.addresses[0] ?? {};
    const faultLog = new FaultLog({ transport, url, clock, logger, counts: faultCounts });
    // What breaks the door is told by connections$.
    const faults = listener.rejected$?.subscribe({ next: faultLog.add, error: () => undefined });
    receive(shutAndSay);
    return () => {
      subscription.unsubscribe();
      faults?.unsubscribe();
      faultLog.finish();
      void shutOnce();
    };
  },
);
