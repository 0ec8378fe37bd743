import type { SignalType } from '../../protocol/enumerations.js';
import type { SubscribeOptions } from '../../protocol/messages/message.js';

/** Requested rate of a session at an address (router.md 5.1). Unrestricted subscriptions have none. */
export interface Pace {
  /** Minimum time between two deliveries; 0 = no limit. */
  readonly intervalMicros: number;
  /** Minimum change of a number that causes a delivery; 0 = any. */
  readonly epsilon: number;
  /** Time during which samples of a stream are collected into one message; 0 = none. */
  readonly windowMicros: number;
}

/** Signal types that can be paced. Events and timelines are always delivered in full. */
export type PacedType = 'param' | 'stream';

export function isPacedType(type: SignalType | undefined): type is PacedType {
  return type === 'param' || type === 'stream';
}

/** Maximum window. Longer ones are reduced to it, to bound the delay of collected samples. */
const MAX_WINDOW_MS = 60_000;

/**
 * Returns the pace that a SUBSCRIBE requests; undefined if unrestricted. A rate of 0, or an epsilon that is no positive
 * number, requests nothing.
 */
export function paceOf(options: SubscribeOptions | undefined, type: SignalType | undefined): Pace | undefined {
  if (options === undefined || !isPacedType(type)) return undefined;
  const { maxRate = 0, epsilon = 0, window = 0 } = options;
  const intervalMicros = maxRate > 0 ? Math.ceil(1_000_000 / maxRate) : 0;
  const windowMicros = type === 'stream' ? Math.min(window, MAX_WINDOW_MS) * 1_000 : 0;
  const least = epsilon > 0 ? epsilon : 0;
  return intervalMicros + windowMicros + least > 0 ? { intervalMicros, epsilon: least, windowMicros } : undefined;
}

/** Combines two overlapping subscriptions of a session: the less restrictive value applies, option by option. */
export function leastRestrictive(one: Pace | undefined, other: Pace | undefined): Pace | undefined {
  if (one === undefined || other === undefined) return undefined;
  const intervalMicros = Math.min(one.intervalMicros, other.intervalMicros);
  const epsilon = Math.min(one.epsilon, other.epsilon);
  const windowMicros = Math.min(one.windowMicros, other.windowMicros);
  return intervalMicros + windowMicros + epsilon > 0 ? { intervalMicros, epsilon, windowMicros } : undefined;
}
