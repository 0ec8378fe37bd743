import { parseAddress } from '../../protocol/address.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import type { FanOut } from '../delivery/fan-out.js';
import { GestureThrottle } from './gesture-throttle.js';
import { LastTimelines, type LastTimelinesOptions } from './last-timelines.js';
import { PeerSignaling } from './peer-signaling.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { Task } from '../scheduling/session-tasks.js';
import type { Slice } from '../scheduling/slice.js';
import type { CanSee } from '../subscriptions/subscription-index.js';
import { checkPublishSize } from '../size-limits.js';
import { isSystemAddress, systemAddressRefused } from '../system/system-addresses.js';

export interface PassingSignalsOptions extends LastTimelinesOptions {
  /** Milliseconds between two moves of one gesture, at least; 0 = every move passes. */
  readonly gestureIntervalMs: number;
}

/** Of sending one timeline. */
const STEPS_OF_SENDING = 100;
/** Addresses remembered, and characters of the longest of them: 10 MB at the worst. A full set starts over. */
const MAX_REMEMBERED = 65_536;
const MAX_REMEMBERED_LENGTH = 128;

/**
 * What passes through without being kept (router.md 5.5): events, streams and timelines as they come, gestures thinned out, the
 * signals of peers to each other straight to their target. In a bundle as on its own.
 */
export class PublishHandler {
  readonly #routing: SignalRouter;
  readonly #fanOut: FanOut;
  readonly #gestures: GestureThrottle;
  readonly #peers: PeerSignaling;
  readonly #canSee: CanSee;
  readonly #timelines: LastTimelines;
  /** Addresses at which anybody may publish for all, the last ones met. */
  readonly #ordinary = new Set<string>();
  /** The time of the call that is being answered. */
  #nowMicros = 0;

  constructor(
    options: PassingSignalsOptions,
    routing: SignalRouter,
    fanOut: FanOut,
    ports: {
      /** The session of an id. */
      readonly find: (sessionId: string) => RouterSession | undefined;
      /** Whether a session may hear of an address. */
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

  /** What the last timelines take, and how many made room for others. */
  get timelineMemory(): Pick<LastTimelines, 'bytes' | 'dropped'> {
    return this.#timelines;
  }

  /** When {@link runDue} has something to do; Infinity when never. */
  get dueMicros(): number {
    return this.#gestures.dueMicros ?? Infinity;
  }

  /** {@link check} and {@link apply} in one. @throws ClaspError as check does */
  publish(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#pass(sender, message, nowMicros, this.check(sender, message));
  }

  /** @returns whether it is of peers to each other; @throws ClaspError 200, 402; of peers to each other 403, 404 */
  check(sender: RouterSession, message: PublishMessage): boolean {
    const isOfPeers = this.#isOfPeers(message.address);
    checkPublishSize(message);
    if (isOfPeers) this.#peers.check(sender, message);
    return isOfPeers;
  }

  /** Sends what {@link check} has let pass. */
  apply(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#pass(sender, message, nowMicros, this.#isOfPeers(message.address));
  }

  /** Sends the moves whose interval is over. */
  runDue(nowMicros: number, slice: Slice): void {
    this.#nowMicros = nowMicros;
    this.#gestures.runDue(nowMicros, slice);
  }

  /**
   * A session is gone: what it had begun is ended, and what it had announced taken back.
   *
   * @param timestampMicros the time of the messages that say so, by the protocol's clock
   * @returns the steps of each piece
   */
  *leaving(sender: RouterSession, nowMicros: () => number, timestampMicros: () => number): Generator<number, void> {
    this.#nowMicros = nowMicros();
    yield* this.#gestures.leaving(sender, timestampMicros);
    this.#peers.leave(sender, timestampMicros());
  }

  /** Sends a session the timelines that were published before it subscribed, its own too if it comes back to them. */
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
   * Looks at an address as at one to publish at. A show publishes at the same addresses over and over, and there is no param
   * that would say that they are good: remembered, the look costs 20 ns and not 120.
   *
   * @returns whether it is one of peers to each other
   * @throws ClaspError 200 for one that is none, 403 for one of the router's own
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
