import { ClaspError, DecodeError, ErrorCode } from '../../protocol/errors.js';
import { messageFromValue } from '../../protocol/encodings/value-message.js';
import type { AnnounceMessage, BundleMessage } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import type { RouterSession } from './router-session.js';
import { WILL_ADDRESS } from './system-addresses.js';

/**
 * What is to be done for a session that is lost: a bundle it has left with the router (docs/protocol.md, "Last will"). It stands in
 * `meta.will` of an ANNOUNCE, or, since compact binary has no such meta, as the default of a signal announced at
 * `/$clasp/will`. Null takes it back.
 */
export class LastWills {
  readonly #wills = new WeakMap<RouterSession, BundleMessage>();

  /**
   * The will in an ANNOUNCE.
   *
   * @returns null when it takes an earlier one back; undefined when it says nothing of one
   * @throws ClaspError 101 when it is no bundle
   */
  static in({ meta, signals }: AnnounceMessage): BundleMessage | null | undefined {
    const inMeta = valueOf(meta, 'will'); // null is an answer
    const signal = signals.find(({ address }) => address === WILL_ADDRESS);
    const value = inMeta === undefined ? signal?.meta?.default?.decode() : inMeta;
    if (value === undefined || value === null) return value;
    try {
      const message = messageFromValue(value instanceof Map ? new Map([['type', 'bundle'], ...value]) : value);
      if (message.type === 'bundle' && message.timestamp === undefined) return message;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new ClaspError(ErrorCode.InvalidMessage, `The last will cannot be read: ${error.message}`);
    }
    throw new ClaspError(ErrorCode.InvalidMessage, 'The last will must be a bundle without a timestamp');
  }

  keep(session: RouterSession, will: BundleMessage | null): void {
    if (will === null) this.#wills.delete(session);
    else this.#wills.set(session, will);
  }

  /** The will of a session, which has none afterwards. */
  take(session: RouterSession): BundleMessage | undefined {
    const will = this.#wills.get(session);
    this.#wills.delete(session);
    return will;
  }
}

function valueOf(map: EncodedValue | undefined, key: string): Value | undefined {
  const value = map?.decode();
  return value instanceof Map ? (value as ReadonlyMap<string, Value>).get(key) : undefined; // a Value's maps hold Values
}
