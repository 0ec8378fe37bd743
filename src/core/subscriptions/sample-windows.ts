import type { PublishMessage } from '../../protocol/messages/message.js';
import type { FanOut } from '../delivery/fan-out.js';
import { isWithinEpsilon, type PacedSubscription } from './paced-subscription.js';
import type { PacedSubscriptions } from './paced-subscriptions.js';

/** Maximum samples per message. A window with as many is closed early. */
const MAX_WINDOW_SAMPLES = 4_096;
/** Memory of a sample. */
const BYTES_OF_SAMPLE = 8;
/** Upper bound of a PUBLISH of samples without address and samples, with headers and the field names of CBOR. */
const SAMPLES_OVERHEAD_BYTES = 128;
/** Bytes of a sample in CBOR; compact binary takes one less. */
const MAX_SAMPLE_BYTES = 9;

/** Collects the samples of subscriptions with `window`, and sends those of one window as one message. */
export class SampleWindows {
  readonly #fanOut: FanOut;
  readonly #registry: PacedSubscriptions;
  readonly #await: (paced: PacedSubscription, dueMicros: number) => void;

  /** @param awaitDue plans the end of a window; the owner then calls {@link send} */
  constructor(
    fanOut: FanOut,
    registry: PacedSubscriptions,
    awaitDue: (paced: PacedSubscription, dueMicros: number) => void,
  ) {
    this.#fanOut = fanOut;
    this.#registry = registry;
    this.#await = awaitDue;
  }

  /** Adds the samples of a message to the window of a subscription. */
  collect(paced: PacedSubscription, message: PublishMessage, samples: readonly number[], nowMicros: number): void {
    const capacity = capacityOf(paced);
    if (paced.samples.length + samples.length > capacity) this.send(paced, nowMicros);
    const before = paced.samples.length;
    for (const sample of samples) {
      if (isWithinEpsilon(paced, sample)) continue;
      paced.lastNumber = sample;
      paced.samples.push(sample);
    }
    if (paced.samples.length === before) return;
    this.#registry.hold(paced, (paced.samples.length - before) * BYTES_OF_SAMPLE);
    paced.pending = undefined; // the latest applies
    // Fields of the first message, which state when the samples begin. Its value is not retained, so the frame can be
    // freed.
    const { address, signal, id, rate } = message;
    const timestamp = paced.sampled === undefined ? message.timestamp : paced.sampled.timestamp;
    if (paced.sampled === undefined) {
      this.#await(paced, Math.max(nowMicros + paced.pace.windowMicros, paced.restsUntilMicros));
    }
    paced.sampled = { type: 'publish', address, signal, id, rate, timestamp };
    if (paced.samples.length >= capacity) this.send(paced, nowMicros);
  }

  /** Sends the collected samples, if any. */
  send(paced: PacedSubscription, nowMicros: number): void {
    const { sampled, samples } = paced;
    if (sampled === undefined) return;
    paced.sampled = undefined;
    paced.samples = [];
    this.#registry.hold(paced, -samples.length * BYTES_OF_SAMPLE);
    paced.restsUntilMicros = nowMicros + paced.pace.intervalMicros;
    this.#fanOut.publishTo([paced.session], { ...sampled, samples });
  }
}

/** Returns how many samples fit one message to this session. */
function capacityOf({ session, address }: PacedSubscription): number {
  const { maxFrameBytes } = session.link;
  if (maxFrameBytes === undefined) return MAX_WINDOW_SAMPLES;
  const fitting = Math.floor((maxFrameBytes - SAMPLES_OVERHEAD_BYTES - 3 * address.length) / MAX_SAMPLE_BYTES);
  return Math.max(1, Math.min(MAX_WINDOW_SAMPLES, fitting));
}
