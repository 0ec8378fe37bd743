import type { BundleMessage, Message } from '../protocol/messages/message.js';

/** Maximum messages read per call, nested bundles included. A bundle can hold thousands, and bundles can nest. */
const MAX_LOOKED = 64;

/** The part of a bundle's contents that was read. */
export interface BundleContents {
  /**
   * In the order in which they take effect, without the bundles around them. Fewer than `count` if the bundle exceeds
   * the limit.
   */
  readonly messages: readonly Message[];
  /** Number of messages. A lower bound if nested bundles were not read. */
  readonly count: number;
}

export function contentsOf(bundle: BundleMessage): BundleContents {
  const messages: Message[] = [];
  const lists = [bundle.messages[Symbol.iterator]()];
  let looked = 0;
  for (let list = lists.at(-1); list !== undefined; list = lists.at(-1)) {
    const { done, value: message } = list.next();
    if (done === true) {
      lists.pop();
      continue;
    }
    if (looked++ === MAX_LOOKED) return { messages, count: Math.max(bundle.messages.length, messages.length + 1) };
    if (message.type === 'bundle') lists.push(message.messages[Symbol.iterator]());
    else messages.push(message);
  }
  return { messages, count: messages.length };
}
