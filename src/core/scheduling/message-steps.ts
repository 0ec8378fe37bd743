import { FrameRun } from '../../protocol/frame-run.js';
import type { InboundItem, InboundMessage } from '../../protocol/inbound.js';

/** Steps of a SET and of a PUBLISH. */
export const EVERYDAY_STEPS = 15;
/** The same if it is handled without decoding. */
export const DIRECT_STEPS = 8;

/**
 * Steps, about 20 ns each, of a message by itself: decoding, permissions, the change and its reply. Variable costs are
 * counted where they occur: matching, snapshots, deliveries, new params.
 */
const steps: Readonly<Record<InboundMessage['type'], number>> = {
  set: EVERYDAY_STEPS,
  publish: EVERYDAY_STEPS,
  bundle: 20,
  get: 40,
  remove: 100,
  subscribe: 200,
  unsubscribe: 100,
  announce: 100,
  query: 100,
  hello: 200,
  ping: 15,
  sync: 20,
  replay: 50,
  federationSync: 50,
  malformed: 50,
  rateLimited: 15,
  welcome: 5,
  snapshot: 5,
  pong: 5,
  ack: 5,
  error: 5,
  result: 5,
};

/** Steps of each message in a bundle. */
const INNER_STEPS = 15;

export function messageSteps(message: InboundMessage): number {
  return message.type === 'bundle' ? steps.bundle + INNER_STEPS * message.messages.length : steps[message.type];
}

/** Estimates the steps of frames before they are handled, from below. Stops counting at `maxSteps`. */
export function expectedSteps(items: readonly InboundItem[], maxSteps: number): number {
  let sum = 0;
  for (let i = 0; i < items.length && sum < maxSteps; i++) {
    const item = items[i]!; // the loop condition bounds the index
    sum += item instanceof FrameRun ? item.count * DIRECT_STEPS : messageSteps(item.message);
  }
  return Math.min(sum, maxSteps);
}
