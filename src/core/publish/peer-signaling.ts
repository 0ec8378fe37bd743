import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import { type EncodedValue, encodeValue } from '../../protocol/values/encoded-value.js';
import { type Value, ValueType } from '../../protocol/values/value.js';
import type { RouterSession } from '../session.js';

export interface PeerSignalsPorts {
  /** Returns the session with this ID, whatever its phase. */
  readonly find: (sessionId: string) => RouterSession | undefined;
  /**
   * Queues a message for one session, subscribed or not. Never waits and never throws: a validated bundle must not
   * fail.
   */
  readonly deliver: (target: RouterSession, message: PublishMessage) => void;
  /** Sends a message to the subscribers of its address, except the sender. */
  readonly announce: (sender: RouterSession, message: PublishMessage) => void;
}

const PREFIX = '/clasp/p2p/';
const ANNOUNCE = '/clasp/p2p/announce';
const SIGNAL_PREFIX = '/clasp/p2p/signal/';

/**
 * Signaling between peers before they connect directly (wire.md 12.4, router.md 8.4). A PUBLISH to
 * `/clasp/p2p/signal/<session id>` goes only to that session, without a subscription. A PUBLISH to
 * `/clasp/p2p/announce` goes to the subscribers and marks its sender as capable. The router does not interpret
 * payloads, except that the sender must not claim another session's identity.
 *
 * Has no queue and waits for no peer, so a target that reads nothing does not affect the sender.
 */
export class PeerSignaling {
  readonly #ports: PeerSignalsPorts;
  /** Sessions with an active announcement. Weak, so that sessions removed elsewhere are removed here. */
  readonly #capable = new WeakSet<RouterSession>();

  constructor(ports: PeerSignalsPorts) {
    this.#ports = ports;
  }

  /** Whether the address is used for signaling; other addresses under `/clasp/p2p` are ordinary. */
  handles(address: string): boolean {
    return address.startsWith(PREFIX) && (address === ANNOUNCE || targetOf(address) !== undefined);
  }

  /**
   * Checks a message that {@link handles} accepts, without changes. The checks of every PUBLISH, valid address and
   * size, come before.
   *
   * @throws ClaspError 404 if the target is not reachable, 403 if the payload names another sender
   */
  check(sender: RouterSession, message: PublishMessage): void {
    const { address, value } = message;
    const target = targetOf(address);
    if (target !== undefined && this.#reachable(target) === undefined) {
      throw new ClaspError(ErrorCode.TargetNotFound, `Target session not found: ${target}`, { address });
    }
    const field = target === undefined ? 'session_id' : 'from';
    const claimed = fieldOf(value, field);
    if (typeof claimed === 'string' && claimed !== sender.id) {
      throw new ClaspError(ErrorCode.Refused, `"${field}" is not the session id of the sender`, { address });
    }
  }

  /**
   * Delivers a message that passed {@link check}. If the target has ended since, the message is dropped without an
   * error.
   */
  apply(sender: RouterSession, message: PublishMessage): void {
    const target = targetOf(message.address);
    if (target === undefined) return this.#announce(sender, message);
    const session = this.#reachable(target);
    if (session !== undefined) this.#ports.deliver(session, message);
  }

  /**
   * Revokes the announcement of an ended session: the subscribers get an event with `{ session_id, p2p_capable: false
   * }`. It has no `features`, because the session has ended.
   *
   * @param timestamp of the event: microseconds since the Unix epoch, by the protocol's time
   */
  leave(sender: RouterSession, timestamp: number): void {
    if (!this.#capable.delete(sender)) return;
    const left = new Map<string, Value>([
      ['session_id', sender.id],
      ['p2p_capable', false],
    ]);
    this.#ports.announce(sender, {
      type: 'publish',
      address: ANNOUNCE,
      signal: 'event',
      value: encodeValue(left),
      timestamp,
    });
  }

  #announce(sender: RouterSession, message: PublishMessage): void {
    // A bundle can outlive its sender. Its announcement would never be revoked.
    if (!sender.established) return;
    if (fieldOf(message.value, 'p2p_capable') === false) this.#capable.delete(sender);
    else this.#capable.add(sender);
    this.#ports.announce(sender, message);
  }

  /** Before WELCOME and after its end, a session is not reachable. */
  #reachable(sessionId: string): RouterSession | undefined {
    const session = this.#ports.find(sessionId);
    return session?.established === true ? session : undefined;
  }
}

/** Returns the session ID of a signaling address: the one further segment, which must not be empty. */
function targetOf(address: string): string | undefined {
  if (!address.startsWith(SIGNAL_PREFIX) || address.length === SIGNAL_PREFIX.length) return undefined;
  return address.includes('/', SIGNAL_PREFIX.length) ? undefined : address.slice(SIGNAL_PREFIX.length);
}

/** Returns a field of a map; undefined for any other value. Signals are rare, so the map is decoded. */
function fieldOf(value: EncodedValue | undefined, name: string): Value | undefined {
  if (value?.type !== ValueType.Map) return undefined;
  const fields = value.decode();
  return isMap(fields) ? fields.get(name) : undefined;
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
