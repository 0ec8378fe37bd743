import { signalTypeMask, type SignalType } from '../../protocol/enumerations.js';
import type { SubscribeOptions } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { RouterSession } from '../session.js';

/** One active subscription. */
export interface Subscription {
  readonly session: RouterSession;
  readonly id: number;
  readonly pattern: Pattern;
  /** Accepted signal types, as the mask on the wire. */
  readonly typeMask: number;
  readonly options: SubscribeOptions | undefined;
}

export function subscription(
  session: RouterSession,
  id: number,
  pattern: Pattern,
  types: readonly SignalType[] | undefined,
  options: SubscribeOptions | undefined,
): Subscription {
  return { session, id, pattern, typeMask: signalTypeMask(types), options };
}

/** Whether the subscription accepts signals of this type. */
export function acceptsType({ typeMask }: Subscription, type: SignalType): boolean {
  return (typeMask & signalTypeMask([type])) !== 0;
}
