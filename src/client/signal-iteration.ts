import type { SignalType } from '../protocol/enumerations.js';
import type { SignalsOptions, Unsubscribe } from './call-options.js';
import { ClientError } from './client-error.js';
import type { StateChange } from './lifecycle.js';
import type { Listeners } from './listeners.js';
import type { Signal } from './signal.js';
import { checkQueueLimits, endOfSignals, type SignalIterator, SignalQueue } from './signal-queue.js';

/**
 * Subscribes until a `for await` loop over the signals ends, or until the client closes.
 *
 * @param states the changes of the client's state
 * @throws ArgumentError for a limit out of range, and what `subscribe` throws
 */
export function iterateSignals<T extends SignalType>(
  { bufferSize = 1_000, bufferBytes = 16_777_216 }: Pick<SignalsOptions, 'bufferSize' | 'bufferBytes'>,
  subscribe: (listener: (signal: Signal<T>) => void) => Unsubscribe,
  states: Listeners<StateChange>,
): SignalIterator<T> {
  const limits = { signals: bufferSize, bytes: bufferBytes };
  checkQueueLimits(limits);
  const ends: (() => void)[] = [];
  const queue = new SignalQueue(limits, () => {
    for (const end of ends) end();
  });
  const end = subscribe((signal) => {
    queue.push(signal);
  });
  end.ready.catch((error: unknown) => queue.finish(error instanceof ClientError ? undefined : (error as Error)));
  const forget = states.add(({ state, reason }) => {
    if (state === 'closed') queue.finish(endOfSignals(reason));
  });
  ends.push(end, forget);
  return queue as unknown as SignalIterator<T>; // invariant: `subscribe` delivers only signals of type T
}
