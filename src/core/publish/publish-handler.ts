import type { publishOptions } from './publish-options.js';
import type { OptionValues } from '../../util/option.js';
import { parseAddress } from '../../protocol/address.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import type { FanOut } from '../delivery/fan-out.js';
import { GestureThrottle } from './gesture-throttle.js';
import { LastTimelines } from './last-timelines.js';
import { PeerSignaling } from './peer-signaling.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { Task } from '../scheduling/session-tasks.js';
import type { Slice } from '../scheduling/slice.js';
import type { CanSee } from '../subscriptions/subscription-index.js';
import { checkPublishSize } from '../size-limits.js';
import { isSystemAddress, systemAddressRefused } from '../system/system-addresses.js';

export type PassingSignalsOptions = OptionValues<typeof publishOptions>;

/** Steps of sending one timeline. */
const STEPS_OF_SENDING = 100;
/** Maximum cached addresses, and characters of the longest: at most 3 MB. A full set is emptied. */
const MAX_REMEMBERED = 8_192;
const MAX_REMEMBERED_LENGTH = 96;

/**
 * Handles signals that are not stored (router.md 5.5): forwards events, streams and timelines, throttles gestures, and
 * delivers peer signaling to its target. Messages in bundles are handled alike.
 */
export class PublishHandler {
  readonly #routing: SignalRouter;
  readonly #fanOut: FanOut;
  readonly #gestures: GestureThrottle;
  readonly #peers: PeerSignaling;
  readonly #canSee: CanSee;
  readonly #timelines: LastTimelines;
  /** Cache of valid addresses without special meaning. */
  readonly #ordinary = new Set<string>();
  /** Time of the current call. */
  #nowMicros = 0;

  constructor(
    options: PassingSignalsOptions,
    routing: SignalRouter,
    fanOut: FanOut,
    ports: {
      /** Returns the session with this ID. */
      readonly find: (sessionId: string) => RouterSession | undefined;
      /** Whether a session can see an address. */
      readonly canSee: CanSee;
    },
  ) {
    const { find, canSee } = ports;
    this.#routing = routing;
    this.#canSee = canSee;
    this.#fanOut = fanOut;
    this.#timelines = new LastTimelines(options);
    const forward = (sender: RouterSession, message: PublishMessage): void => {
      this.#forward(sender, message);
    };
    this.#gestures = new GestureThrottle({ intervalMicros: options.gestureIntervalMs * 1_000 }, forward);
    const deliver = (target: RouterSession, message: PublishMessage): void => {
      fanOut.to(target, message);
    };
    this.#peers = new PeerSignaling({ find, deliver, announce: forward });
  }

  /** Memory of the last timelines in bytes, and the number of evicted ones. */
  get timelineMemory(): Pick<LastTimelines, 'bytes' | 'dropped'> {
    return this.#timelines;
  }

  /** When {@link runDue} has work; Infinity = never. */
  get dueMicros(): number {
    return this.#gestures.dueMicros ?? Infinity;
  }

  /** Calls {@link check} and {@link apply}. @throws ClaspError as check does */
  publish(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#pass(sender, message, nowMicros, this.check(sender, message));
  }

  /** @returns whether the message is peer signaling; @throws ClaspError 200, 402; for peer signaling 403, 404 */
  check(sender: RouterSession, message: PublishMessage): boolean {
    const isOfPeers = this.#isOfPeers(message.address);
    checkPublishSize(message);
    if (isOfPeers) this.#peers.check(sender, message);
    return isOfPeers;
  }

  /** Whether a PUBLISH to this address was accepted lately, and the address has no special meaning. */
  isOrdinary(address: string): boolean {
    return this.#ordinary.has(address);
  }

  /** Sends a message that passed {@link check}. */
  apply(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#pass(sender, message, nowMicros, this.#isOfPeers(message.address));
  }

  /** Sends moves whose interval is over. */
  runDue(nowMicros: number, slice: Slice): void {
    this.#nowMicros = nowMicros;
    this.#gestures.runDue(nowMicros, slice);
  }

  /**
   * Ends the gestures and the peer announcement of an ended session.
   *
   * @param timestampMicros the time of the resulting messages, by the protocol's clock
   * @returns the steps of each piece
   */
  *leaving(sender: RouterSession, nowMicros: () => number, timestampMicros: () => number): Generator<number, void> {
    this.#nowMicros = nowMicros();
    yield* this.#gestures.leaving(sender, timestampMicros);
    this.#peers.leave(sender, timestampMicros());
  }

  /** Sends a session the timelines published before it subscribed, including its own from an earlier connection. */
  timelinesFor(session: RouterSession, pattern: Pattern): Task {
    const counter = new StepCounter();
    const timelines = this.#timelines.matching(pattern, counter);
    const task = {
      session,
      pattern,
      isDone: false,
      run: (maxSteps: number): number => {
        const first = counter.steps++;
        while (counter.steps - first < maxSteps) {
          const next = timelines.next();
          if (next.done === true) {
            task.isDone = true;
            break;
          }
          if (next.value === undefined || !this.#canSee(session, next.value.address)) continue;
          counter.steps += STEPS_OF_SENDING;
          this.#fanOut.to(session, next.value);
        }
        return counter.steps - first;
      },
    };
    return task;
  }

  #pass(sender: RouterSession, message: PublishMessage, nowMicros: number, isOfPeers: boolean): void {
    this.#nowMicros = nowMicros;
    if (isOfPeers) this.#peers.apply(sender, message);
    else if (message.signal === 'gesture') this.#gestures.take(sender, message, nowMicros);
    else this.#forward(sender, message);
  }

  /**
   * Checks an address for PUBLISH. A show publishes repeatedly at the same addresses, for which no param proves
   * validity. With the cache, the check takes 20 ns instead of 120 ns.
   *
   * @returns whether the address is used for peer signaling
   * @throws ClaspError 200 for an invalid address, 403 for one of the router's own
   */
  #isOfPeers(address: string): boolean {
    if (this.#ordinary.has(address)) return false;
    parseAddress(address);
    if (isSystemAddress(address)) throw systemAddressRefused(address);
    if (this.#peers.handles(address)) return true;
    if (address.length <= MAX_REMEMBERED_LENGTH) {
      if (this.#ordinary.size >= MAX_REMEMBERED) this.#ordinary.clear();
      this.#ordinary.add(address);
    }
    return false;
  }

  #forward(sender: RouterSession, message: PublishMessage): void {
    if (message.signal === 'timeline') this.#timelines.remember(message);
    this.#routing.publish(message, sender, this.#nowMicros);
  }
}
