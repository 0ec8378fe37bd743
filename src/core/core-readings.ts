import type { CoreParts } from './core-parts.js';
import type { WatchedParam } from './param-watch.js';
import type { PastWrite } from './params/write-history.js';
import type { MemoryUse, Statistics } from './system/statistics.js';

/** Readings of a core: sizes, counts and due times. None of them changes what the core sends. */
export abstract class CoreReadings {
  /** The connected components. */
  protected abstract readonly parts: CoreParts;

  get paramCount(): number {
    return this.parts.params.size;
  }

  /** Approximate memory of all params in bytes. */
  get paramBytes(): number {
    return this.parts.params.bytes;
  }

  /** Approximate memory of paced subscriptions and their pending values in bytes. */
  get pacedBytes(): number {
    return this.parts.routing.pacedBytes;
  }

  get subscriptionCount(): number {
    return this.parts.routing.subscriptionCount;
  }

  get signalCount(): number {
    return this.parts.signals.size;
  }

  get deliveryCount(): number {
    return this.parts.deliveries.count;
  }

  /** Steps so far, about 20 ns each: the cost of messages, matching and deliveries. */
  get steps(): number {
    return this.parts.steps;
  }

  /** When `runDue` has work, by the router's clock; Infinity = never. */
  get dueMicros(): number {
    const { statisticsWork, dueWorks, bundleWork } = this.parts;
    let due = statisticsWork.dueMicros;
    for (const work of dueWorks) if (work !== bundleWork) due = Math.min(due, work.dueMicros);
    return due;
  }

  /** The same for scheduled bundles, which need millisecond precision. */
  get exactDueMicros(): number {
    return this.parts.bundleWork.dueMicros;
  }

  /** Whether `advanceTasks` has work. */
  get hasTasks(): boolean {
    return this.parts.tasks.pending;
  }

  /** Whether `advanceChores` must be called in the next turn. */
  get hasChores(): boolean {
    return this.parts.chores.pending;
  }

  /** Returns the statistics. @param sendBuffers use of the socket buffers, which the core does not know */
  statistics(sendBuffers?: MemoryUse): Statistics {
    return this.parts.statistics(sendBuffers);
  }

  /**
   * Returns all params of clients for a {@link ParamWatch}, including expired ones. Lazy: a walk can pause between turns,
   * and then visits params that were added meanwhile.
   */
  watchedParams(): IterableIterator<WatchedParam> {
    return this.parts.params.all();
  }

  /** Returns the last writes of a param, oldest first: those that the option `writeHistory` keeps. */
  history(address: string): readonly PastWrite[] {
    this.parts.changes.flush();
    return this.parts.history?.of(address) ?? [];
  }
}
