import type { FeedMessage } from '../../src/inspector/feed.js';
import type { SendFeed } from '../../src/inspector/views.js';

type Of<T extends FeedMessage['type']> = Extract<FeedMessage, { readonly type: T }>;

/** Collects the messages of a view. */
export class Collected {
  readonly messages: FeedMessage[] = [];
  readonly sendFeed: SendFeed = (message) => this.messages.push(message);

  of<T extends FeedMessage['type']>(type: T): readonly Of<T>[] {
    return this.messages.filter((message): message is Of<T> => message.type === type);
  }

  /** Returns the newest message of a type. @throws if it does not exist */
  last<T extends FeedMessage['type']>(type: T): Of<T> {
    const message = this.of(type).at(-1);
    if (message === undefined) throw new Error(`no message of type ${type}`);
    return message;
  }
}

/** Returns an evenly distributed generator of numbers from 0 up to 1, with a fixed sequence per seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
