import type { SignalType } from '../../protocol/enumerations.js';
import type { SubscribeOptions } from '../../protocol/messages/message.js';

/** How much of an address a session wants to hear (router.md 5.1). Nobody who wants all of it has one. */
export interface Pace {
  /** Between two deliveries, at least; 0 = no limit. */
  readonly intervalMicros: number;
  /** The least change of a number worth a delivery; 0 = any. */
  readonly epsilon: number;
  /** How long the samples of a stream are collected into one message; 0 = not at all. */
  readonly windowMicros: number;
}

/** The signals that can be thinned out: what an event or a timeline says is said once. */
export type PacedType = 'param' | 'stream';

export function isPacedType(type: SignalType | undefined): type is PacedType {
  return type === 'param' || type === 'stream';
}

/** A longer window is as long as this one: what is collected would wait for somebody who has forgotten it. */
const MAX_WINDOW_MS = 60_000;

/** What one SUBSCRIBE asks for; undefined when that is everything. A rate of 0 and an epsilon that is no positive number ask for nothing. */
export function paceOf(options: SubscribeOptions | undefined, type: SignalType | undefined): Pace | undefined {
  if (options === undefined || !isPacedType(type)) return undefined;
  const { maxRate = 0, epsilon = 0, window = 0 } = options;
  const intervalMicros = maxRate > 0 ? Math.ceil(1_000_000 / maxRate) : 0;
  const windowMicros = type === 'stream' ? Math.min(window, MAX_WINDOW_MS) * 1_000 : 0;
  const least = epsilon > 0 ? epsilon : 0;
  return intervalMicros + windowMicros + least > 0 ? { intervalMicros, epsilon: least, windowMicros } : undefined;
}

/** Of two overlapping subscriptions of a session the less restrictive decides, option by option. */
export function leastRestrictive(one: Pace | undefined, other: Pace | undefined): Pace | undefined {
  if (one === undefined || other === undefined) return undefined;
  const intervalMicros = Math.min(one.intervalMicros, other.intervalMicros);
  const epsilon = Math.min(one.epsilon, other.epsilon);
  const windowMicros = Math.min(one.windowMicros, other.windowMicros);
  return intervalMicros + windowMicros + epsilon > 0 ? { intervalMicros, epsilon, windowMicros } : undefined;
}
