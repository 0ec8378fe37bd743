import { type Clock, microseconds } from '../util/clock.js';
import type { Message, PublishMessage } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';

/** Maximum tracked gestures. Beyond it, the oldest ones are dropped, and so are their moves. */
const MAX_GESTURES = 1_024;

interface Gesture {
  /** Number of started and unended gestures. More than one if several clients use one address and id. */
  live: number;
  /** The time in the latest message, if any. */
  newest: U64 | undefined;
}

/** Returns whether a message is useless if late, because the next one replaces it. */
export function mayBeLost(message: Message): boolean {
  if (message.type !== 'publish') return false;
  return message.signal === 'stream' || (message.signal === 'gesture' && message.phase === 'move');
}

/**
 * Keeps gestures in order when moves arrive by datagrams and other steps by a stream, where either can overtake the
 * other. Between a start and an end, moves pass in the order of their times. Moves before the start or after the end
 * are dropped, and so are outdated ones. A client that subscribes during a gesture receives the next one first.
 */
export class GestureOrder {
  readonly #clock: Clock;
  /** By id and address. */
  readonly #gestures = new Map<string, Gesture>();
  #lastMicros = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns a step of a gesture with a time, by which receivers order it. */
  timed<M extends Message>(message: M): M {
    if (message.type !== 'publish' || message.signal !== 'gesture' || message.timestamp !== undefined) return message;
    this.#lastMicros = Math.max(microseconds(this.#clock), this.#lastMicros + 1);
    return { ...message, timestamp: this.#lastMicros };
  }

  /**
   * Records a received step.
   *
   * @param hasDatagrams whether it may have arrived in a datagram
   * @returns whether it is delivered
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
    this.#gestures.delete(key); // the newest are last
    // Times of two clients come from two clocks and cannot be compared.
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
