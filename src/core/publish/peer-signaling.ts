import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import { type EncodedValue, encodeValue } from '../../protocol/values/encoded-value.js';
import { type Value, ValueType } from '../../protocol/values/value.js';
import type { RouterSession } from '../session.js';

export interface PeerSignalsPorts {
  /** The session of an id, whatever its phase. */
  readonly find: (sessionId: string) => RouterSession | undefined;
  /** Queues a message for one session, subscribed or not. Never waits and never throws: a bundle that passed must not break. */
  readonly deliver: (target: RouterSession, message: PublishMessage) => void;
  /** Sends a message to the subscribers of its address, the sender left out. */
  readonly announce: (sender: RouterSession, message: PublishMessage) => void;
}

const PREFIX = '/clasp/p2p/';
const ANNOUNCE = '/clasp/p2p/announce';
const SIGNAL_PREFIX = '/clasp/p2p/signal/';

/**
 * How peers find each other before they talk past the router (wire.md 12.4, router.md 8.4). A PUBLISH to
 * `/clasp/p2p/signal/<session id>` goes to that session alone, without a subscription; one to `/clasp/p2p/announce` goes to
 * the subscribers, and its sender is from then on known as capable. Payloads are the peers' own business but for one
 * thing: nobody signs as somebody else.
 *
 * Keeps no queue and waits for nobody, so a peer that reads nothing costs the one who signals to it nothing.
 */
export class PeerSignaling {
  readonly #ports: PeerSignalsPorts;
  /** Those whose announcement stands. It holds no session: what is forgotten elsewhere is forgotten here. */
  readonly #capable = new WeakSet<RouterSession>();

  constructor(ports: PeerSignalsPorts) {
    this.#ports = ports;
  }

  /** Whether the address is one of signalling; anything else under `/clasp/p2p` is ordinary. */
  handles(address: string): boolean {
    return address.startsWith(PREFIX) && (address === ANNOUNCE || targetOf(address) !== undefined);
  }

  /**
   * Checks a message that {@link handles} takes, and changes nothing. What holds for every PUBLISH, a valid address and a
   * size that fits, has been checked before.
   *
   * @throws ClaspError 404 when the target is not there to be talked to, 403 when the payload names another sender
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

  /** Delivers what {@link check} has let pass. A target that has gone since is no fault of anybody: the signal ends here. */
  apply(sender: RouterSession, message: PublishMessage): void {
    const target = targetOf(message.address);
    if (target === undefined) return this.#announce(sender, message);
    const session = this.#reachable(target);
    if (session !== undefined) this.#ports.deliver(session, message);
  }

  /**
   * A session is gone. If its announcement stands, the subscribers get one more, an event, that takes it
   * back: `{ session_id, p2p_capable: false }`. There are no `features` in it, as there is nobody left to have them.
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
    // A bundle may outlive its sender: nobody would ever take back what it announces.
    if (!sender.established) return;
    if (fieldOf(message.value, 'p2p_capable') === false) this.#capable.delete(sender);
    else this.#capable.add(sender);
    this.#ports.announce(sender, message);
  }

  /** Before its WELCOME and after its end nobody is there to be signalled to. */
  #reachable(sessionId: string): RouterSession | undefined {
    const session = this.#ports.find(sessionId);
    return session?.established === true ? session : undefined;
  }
}

/** The session id of a signal's address: the one further segment, and not an empty one. */
function targetOf(address: string): string | undefined {
  if (!address.startsWith(SIGNAL_PREFIX) || address.length === SIGNAL_PREFIX.length) return undefined;
  return address.includes('/', SIGNAL_PREFIX.length) ? undefined : address.slice(SIGNAL_PREFIX.length);
}

/** A field of a map; undefined for any other value. Signals are rare, so the map is simply built. */
function fieldOf(value: EncodedValue | undefined, name: string): Value | undefined {
  if (value?.type !== ValueType.Map) return undefined;
  const fields = value.decode();
  return isMap(fields) ? fields.get(name) : undefined;
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
