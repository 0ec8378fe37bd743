import { type Clock, microseconds } from '../util/clock.js';
import type { Message, PublishMessage } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';

/** Gestures that are followed at once; of more, those begun first are forgotten, and their moves are dropped. */
const MAX_GESTURES = 1_024;

interface Gesture {
  /** Begun and not ended; more than one where several play at one address with one id. */
  live: number;
  /** What the latest message gave as its own time, if that is known. */
  newest: U64 | undefined;
}

/** Whether a message is worth nothing late: the next one says it better. */
export function mayBeLost(message: Message): boolean {
  if (message.type !== 'publish') return false;
  return message.signal === 'stream' || (message.signal === 'gesture' && message.phase === 'move');
}

/**
 * Keeps gestures in order where moves come by datagrams and the rest by a stream, so that either may overtake the other. Between a
 * start and an end moves pass in the order of their times; before and after they are dropped, as is what is too old for the
 * gesture. Whoever subscribes in the middle of a gesture hears of the next one first.
 */
export class GestureOrder {
  readonly #clock: Clock;
  /** By id and address. */
  readonly #gestures = new Map<string, Gesture>();
  #lastMicros = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is sent of a step of a gesture: with a time, by which the others know its place. */
  timed<M extends Message>(message: M): M {
    if (message.type !== 'publish' || message.signal !== 'gesture' || message.timestamp !== undefined) return message;
    this.#lastMicros = Math.max(microseconds(this.#clock), this.#lastMicros + 1);
    return { ...message, timestamp: this.#lastMicros };
  }

  /**
   * Takes note of a step that came.
   *
   * @param hasDatagrams whether it may have come by one
   * @returns whether it has its place here
   */
  takes(message: PublishMessage, hasDatagrams: boolean): boolean {
    const key = `${message.id ?? 0} ${message.address}`;
    const gesture = this.#gestures.get(key);
    switch (message.phase) {
      case 'move':
        return !hasDatagrams || (gesture !== undefined && isNext(gesture, message));
      case 'start':
      case undefined:
        this.#start(key, gesture, message);
        return true;
      case 'end':
      case 'cancel':
        if (gesture !== undefined && --gesture.live === 0) this.#gestures.delete(key);
        return true;
    }
  }

  #start(key: string, gesture: Gesture | undefined, { timestamp }: PublishMessage): void {
    this.#gestures.delete(key); // the youngest stand last
    // The times of two players are those of two clocks: they say nothing about each other.
    const started =
      gesture === undefined ? { live: 1, newest: timestamp } : { live: gesture.live + 1, newest: undefined };
    this.#gestures.set(key, started);
    if (this.#gestures.size <= MAX_GESTURES) return;
    for (const oldest of this.#gestures.keys()) {
      this.#gestures.delete(oldest);
      return;
    }
  }
}

function isNext(gesture: Gesture, { timestamp }: PublishMessage): boolean {
  if (timestamp === undefined || gesture.live > 1) return true;
  if (gesture.newest !== undefined && timestamp < gesture.newest) return false;
  gesture.newest = timestamp;
  return true;
}
