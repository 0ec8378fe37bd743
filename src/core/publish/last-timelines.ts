import type { timelineOptions } from './publish-options.js';
import type { OptionValues } from '../../util/option.js';
import { addressSegments } from '../../protocol/address.js';
import { detachedPublish } from '../../protocol/messages/publish.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import { matchSegments, type Pattern } from '../../protocol/pattern.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import { BoundedMap } from '../../util/bounded-map.js';

export type LastTimelinesOptions = OptionValues<typeof timelineOptions>;

/**
 * The last timeline of each address, for later subscribers: a timeline that plays now began before they joined. If the
 * limit is reached, the address whose timeline is oldest is dropped.
 */
export class LastTimelines {
  readonly #options: LastTimelinesOptions;
  readonly #timelines = new BoundedMap<PublishMessage>({});
  #bytes = 0;
  #dropped = 0;

  constructor(options: LastTimelinesOptions) {
    this.#options = options;
  }

  /** Approximate memory in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of evicted timelines. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Keeps a copy of a timeline. */
  remember(message: PublishMessage): void {
    const { maxTimelines, maxTimelineBytes } = this.#options;
    if (maxTimelines === 0) return;
    const { address } = message;
    this.#bytes += bytesOf(message) - bytesOf(this.#timelines.get(address));
    this.#timelines.setNewest(address, detachedPublish(message));
    while (
      this.#timelines.size > maxTimelines ||
      (maxTimelineBytes > 0 && this.#bytes > maxTimelineBytes && this.#timelines.size > 1)
    ) {
      this.#bytes -= bytesOf(this.#timelines.deleteOldest());
      this.#dropped++;
    }
  }

  /** Returns the matching timelines, and undefined for each checked one that does not match. */
  *matching(pattern: Pattern, counter: StepCounter): IterableIterator<PublishMessage | undefined> {
    const segments = addressSegments(pattern);
    for (const timeline of this.#timelines.values()) {
      counter.steps += STEPS_OF_ONE;
      yield matchSegments(segments, addressSegments(timeline.address), counter) ? timeline : undefined;
    }
  }
}

/** Steps of splitting an address. */
const STEPS_OF_ONE = 10;

function bytesOf(message: PublishMessage | undefined): number {
  if (message === undefined) return 0;
  const keyframes = message.timeline?.keyframes ?? [];
  return keyframes.reduce((sum, { value }) => sum + 250 + value.byteLength, 500 + 2 * message.address.length);
}
