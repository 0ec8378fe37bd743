import { fromCallback } from 'xstate';
import { type Clock, systemClock } from '../../util/clock.js';
import type { Connection, Listener } from '../../transports/transport.js';
import type { Logger } from '../../core/ports.js';
import { type FaultCounts, FaultLog } from './rejection-log.js';

export interface AcceptorInput {
  readonly listener: Listener;
  /** Receives each accepted connection, without a machine transition. */
  readonly accept: (connection: Connection) => void;
  readonly logger: Logger;
  /** Clock that throttles the log lines about rejected connections. @default the system's */
  readonly clock?: Clock | undefined;
  /** Counts rejected connections. */
  readonly faultCounts?: FaultCounts | undefined;
}

/** Actor events of an open listener. */
export type AcceptorEvent =
  | { readonly type: 'listener.failed'; readonly error: Error }
  /** The listener accepts no more connections, and the port is free. */
  | { readonly type: 'listener.stopped' };

/**
 * An open listener as an actor: it accepts connections while it runs, and closes the listener when it is stopped. It
 * continues to accept until the transport has stopped, so that no connection is lost in between.
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
    // connections$ reports the failure of a listener.
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
