import { parseAddress } from '../../protocol/address.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { FanOut } from './fan-out.js';
import { Gestures } from './gestures.js';
import { LastTimelines } from './last-timelines.js';
import { PeerSignals } from './peer-signals.js';
import type { RouterSession } from './router-session.js';
import type { Routing } from './routing.js';
import type { Shows } from './subscription-index.js';
import { checkPublishSize } from './sizes.js';
import { isSystemAddress, systemAddressRefused } from './system-addresses.js';

export interface PassingSignalsOptions {
  /** Milliseconds between two moves of one gesture, at least; 0 = every move passes. */
  readonly gestureIntervalMs: number;
  /** Addresses whose last timeline is kept for late joiners. */
  readonly maxTimelines: number;
}

/**
 * What passes through without being kept (router.md 5.5): events, streams and timelines as they come, gestures thinned out, the
 * signals of peers to each other straight to their target. In a bundle as on its own.
 */
export class PassingSignals {
  readonly #routing: Routing;
  readonly #fanOut: FanOut;
  readonly #gestures: Gestures;
  readonly #peers: PeerSignals;
  readonly #shows: Shows;
  readonly #timelines: LastTimelines;
  /** The time of the call that is being answered. */
  #nowMicros = 0;

  constructor(
    options: PassingSignalsOptions,
    routing: Routing,
    fanOut: FanOut,
    ports: {
      /** The session of an id. */
      readonly find: (sessionId: string) => RouterSession | undefined;
      /** Whether a session may hear of an address. */
      readonly shows: Shows;
    },
  ) {
    const { find, shows } = ports;
    this.#routing = routing;
    this.#shows = shows;
    this.#fanOut = fanOut;
    this.#timelines = new LastTimelines(options.maxTimelines);
    const forward = (sender: RouterSession, message: PublishMessage): void => {
      this.#forward(sender, message);
    };
    this.#gestures = new Gestures({ intervalMicros: options.gestureIntervalMs * 1_000 }, forward);
    const deliver = (target: RouterSession, message: PublishMessage): void => {
      fanOut.to(target, message);
    };
    this.#peers = new PeerSignals({ find, deliver, announce: forward });
  }

  /** When {@link runDue} has something to do; Infinity when never. */
  get dueMicros(): number {
    return this.#gestures.dueMicros ?? Infinity;
  }

  /** @throws ClaspError 200, 402; of peers to each other 403, 404 */
  check(sender: RouterSession, message: PublishMessage): void {
    parseAddress(message.address);
    if (isSystemAddress(message.address)) throw systemAddressRefused(message.address);
    checkPublishSize(message);
    if (this.#peers.handles(message.address)) this.#peers.check(sender, message);
  }

  /** Sends what {@link check} has let pass. */
  apply(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#nowMicros = nowMicros;
    if (this.#peers.handles(message.address)) this.#peers.apply(sender, message);
    else if (message.signal === 'gesture') this.#gestures.take(sender, message, nowMicros);
    else this.#forward(sender, message);
  }

  /** Sends the moves whose interval is over. */
  runDue(nowMicros: number): void {
    if (nowMicros < this.dueMicros) return;
    this.#nowMicros = nowMicros;
    this.#gestures.runDue(nowMicros);
  }

  /** A session is gone: what it had begun is ended, and what it had announced taken back. */
  leave(sender: RouterSession, nowMicros: number): void {
    this.#nowMicros = nowMicros;
    this.#gestures.leave(sender, nowMicros);
    this.#peers.leave(sender, nowMicros);
  }

  /** Tells a session the timelines that were published before it subscribed, its own too if it comes back to them. */
  tellTimelines(session: RouterSession, pattern: Pattern): void {
    for (const timeline of this.#timelines.matching(pattern)) {
      if (this.#shows(session, timeline.address)) this.#fanOut.to(session, timeline);
    }
  }

  #forward(sender: RouterSession, message: PublishMessage): void {
    if (message.signal === 'timeline') this.#timelines.remember(message);
    this.#routing.publish(message, sender, this.#nowMicros);
  }
}
