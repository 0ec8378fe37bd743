import { detachedPublish } from '../../protocol/messages/detached.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import { matchPattern, type Pattern } from '../../protocol/pattern.js';
import { OldestFirst } from './oldest-first.js';

/**
 * The last timeline of each address, for those who subscribe after it was published: what is played now began before they came.
 * A full memory lets go of the address that had no new timeline for the longest.
 */
export class LastTimelines {
  readonly #max: number;
  readonly #timelines = new OldestFirst<PublishMessage>();

  /** @param max addresses; 0 remembers nothing */
  constructor(max: number) {
    this.#max = max;
  }

  /** Keeps a copy of a timeline. */
  remember(message: PublishMessage): void {
    if (this.#max === 0) return;
    this.#timelines.set(message.address, detachedPublish(message));
    if (this.#timelines.size > this.#max) this.#timelines.deleteOldest();
  }

  matching(pattern: Pattern): readonly PublishMessage[] {
    if (this.#timelines.size === 0) return [];
    return [...this.#timelines.values()].filter(({ address }) => matchPattern(pattern, address));
  }
}
