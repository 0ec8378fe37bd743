import type { BundleMessage, Message } from '../protocol/messages/message.js';

/** Messages that are looked at, bundles among them included: one bundle may hold thousands, and bundles that do. */
const MAX_LOOKED = 64;

/** What a bundle holds, as far as it was looked at. */
export interface BundleContents {
  /** In the order in which they take effect, without the bundles around them. Fewer than `count` where that is too many to look at. */
  readonly messages: readonly Message[];
  /** How many there are; at least, where bundles in it were not looked into. */
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
