import { detachedPublish } from '../../protocol/messages/detached.js';
import type { PublishMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import { encodedNull } from '../../protocol/values/encoded-value.js';
import type { RouterSession } from '../session.js';
import type { Slice } from '../scheduling/slice.js';

export interface GesturesOptions {
  /** Between two moves of one gesture, at least; 0 = every move passes. At most 300 s; 16 ms is usual. */
  readonly intervalMicros: number;
  /**
   * Gestures of one session that are followed at once. What is beyond passes as it comes: nothing of it is lost, but it is not
   * throttled, and nobody hears a cancel when its sender vanishes. @default 256
   */
  readonly maxPerSession?: number;
}

/** Steps of sending a message of a gesture, beside those of matching and of deliveries, and of forgetting one. */
const FORWARD_STEPS = 30;
const FORGET_STEPS = 10;

/** After this long without a message a gesture that was begun and never ended is forgotten, without a word. */
const IDLE_MICROS = 300_000_000;

/**
 * Thins out the moves of gestures (router.md 8.1). A throttle, no debounce: the first move after a rest goes out at once, then
 * one every interval, always the latest, and the last one always arrives. Start, end and cancel pass at once, and never
 * overtake a move of their own gesture. A gesture is told from others by its session, its address and its id.
 *
 * The moves of a session that has datagrams may come anywhere among its other messages. So of those only what belongs to a gesture
 * that was started and has not ended is taken, and nothing that is older than what was taken before.
 *
 * Reads no clock and sets no timer: the owner calls {@link runDue} at {@link dueMicros}. Times are microseconds and must
 * not go back.
 */
export class GestureThrottle {
  readonly #intervalMicros: number;
  readonly #maxPerSession: number;
  readonly #forward: (sender: RouterSession, message: PublishMessage) => void;
  readonly #sessions = new Map<RouterSession, Map<string, Gesture>>();
  /**
   * Those whose last move went out less than an interval ago. The interval is the same for all, so whoever joins at the end is
   * due last, and the line needs no sorting.
   */
  readonly #resting = new Place();
  /** Those that were started, the one unheard of for the longest time first. */
  readonly #started = new Place();
  #size = 0;

  /** @param forward sends a message to its subscribers, now; it keeps nothing of it */
  constructor(options: GesturesOptions, forward: (sender: RouterSession, message: PublishMessage) => void) {
    this.#intervalMicros = options.intervalMicros;
    this.#maxPerSession = options.maxPerSession ?? 256;
    this.#forward = forward;
  }

  /** Gestures that are being followed. */
  get size(): number {
    return this.#size;
  }

  /** When {@link runDue} should be called next; undefined when there is no need to. */
  get dueMicros(): number | undefined {
    const resting = this.#resting.next.gesture;
    const started = this.#started.next.gesture;
    const due = Math.min(resting?.restsUntilMicros ?? Infinity, (started?.heardMicros ?? Infinity) + IDLE_MICROS);
    return due === Infinity ? undefined : due;
  }

  /** Takes a PUBLISH of signal `gesture`: forwards it now, or keeps a copy of it until its time comes. */
  take(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    switch (message.phase) {
      case 'start':
      case undefined: // what binary writes, and so every subscriber reads, for none
        return this.#start(sender, message, nowMicros);
      case 'move':
        return this.#move(sender, message, nowMicros);
      case 'end':
      case 'cancel':
        this.#finish(this.#find(sender, message));
        return this.#forward(sender, message);
    }
  }

  /**
   * A sender is gone: the moves that were still waiting go out, and a cancel to each gesture that it started and did not end.
   *
   * @param timestampMicros the time of the cancels, by the protocol's clock
   * @returns the steps of each gesture
   */
  *leaving(sender: RouterSession, timestampMicros: () => number): Generator<number, void> {
    for (const gesture of this.#sessions.get(sender)?.values() ?? []) {
      this.#finish(gesture);
      // Without a start nobody believes in a gesture: there is nothing to take back.
      if (gesture.isStarted) this.#forward(sender, cancelOf(gesture, timestampMicros()));
      yield 2 * FORWARD_STEPS;
    }
  }

  /** Forwards the moves whose time has come, and forgets what nobody will go on with, until the slice is over. */
  runDue(nowMicros: number, slice: Slice): void {
    while (!slice.isOver) {
      const { gesture } = this.#resting.next;
      if (gesture === undefined || gesture.restsUntilMicros > nowMicros) break;
      slice.spend(gesture.pending === undefined ? FORGET_STEPS : FORWARD_STEPS);
      if (gesture.pending !== undefined) this.#forwardMove(gesture, gesture.pending, nowMicros);
      else if (gesture.isStarted) gesture.resting.leave();
      else this.#forget(gesture); // known only for the sake of its interval
    }
    while (!slice.isOver) {
      const { gesture } = this.#started.next;
      if (gesture === undefined || gesture.heardMicros + IDLE_MICROS > nowMicros) break;
      slice.spend(FORGET_STEPS);
      this.#forget(gesture); // its last move has gone out above, since no interval is longer
    }
  }

  #start(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#finish(this.#find(sender, message)); // begun a second time, it begins anew
    const gesture = this.#follow(sender, message);
    if (gesture !== undefined) {
      gesture.isStarted = true;
      gesture.newest = message.timestamp;
      this.#heard(gesture, nowMicros);
    }
    this.#forward(sender, message);
  }

  #move(sender: RouterSession, message: PublishMessage, nowMicros: number): void {
    let gesture = this.#find(sender, message);
    if (sender.link.datagrams !== undefined && !takesNext(gesture, message)) return;
    if (gesture?.isStarted === true) this.#heard(gesture, nowMicros);
    if (this.#intervalMicros > 0) gesture ??= this.#follow(sender, message);
    if (gesture === undefined || this.#intervalMicros === 0) this.#forward(sender, message);
    else if (nowMicros < gesture.restsUntilMicros) gesture.pending = detachedPublish(message);
    else this.#forwardMove(gesture, message, nowMicros);
  }

  /** What was pending is either this very move or older than it. */
  #forwardMove(gesture: Gesture, move: PublishMessage, nowMicros: number): void {
    gesture.pending = undefined;
    gesture.restsUntilMicros = nowMicros + this.#intervalMicros;
    gesture.resting.join(this.#resting);
    this.#forward(gesture.sender, move);
  }

  #heard(gesture: Gesture, nowMicros: number): void {
    gesture.heardMicros = nowMicros;
    gesture.started.join(this.#started);
  }

  /** Follows a gesture no more, once its last move is out. */
  #finish(gesture: Gesture | undefined): void {
    if (gesture === undefined) return;
    this.#forget(gesture);
    if (gesture.pending !== undefined) this.#forward(gesture.sender, gesture.pending);
  }

  #find(sender: RouterSession, message: PublishMessage): Gesture | undefined {
    return this.#sessions.get(sender)?.get(keyOf(message));
  }

  /** @returns undefined when the session has as many as it may */
  #follow(sender: RouterSession, message: PublishMessage): Gesture | undefined {
    let gestures = this.#sessions.get(sender);
    if ((gestures?.size ?? 0) >= this.#maxPerSession) return undefined;
    if (gestures === undefined) {
      gestures = new Map();
      this.#sessions.set(sender, gestures);
    }
    const gesture = new Gesture(sender, keyOf(message), message);
    gestures.set(gesture.key, gesture);
    this.#size++;
    return gesture;
  }

  #forget(gesture: Gesture): void {
    const gestures = this.#sessions.get(gesture.sender)!; // it has this one
    gestures.delete(gesture.key);
    if (gestures.size === 0) this.#sessions.delete(gesture.sender);
    gesture.resting.leave();
    gesture.started.leave();
    this.#size--;
  }
}

class Gesture {
  readonly sender: RouterSession;
  readonly key: string;
  readonly address: string;
  readonly id: number | undefined;
  isStarted = false;
  /** The latest move, while it waits for the interval to pass. */
  pending: PublishMessage | undefined;
  /** What its latest message gave as its own time, if that is known. */
  newest: U64 | undefined;
  restsUntilMicros = -Infinity;
  /** When the last message of it came; kept for those that were started. */
  heardMicros = -Infinity;
  readonly resting = new Place(this);
  readonly started = new Place(this);

  constructor(sender: RouterSession, key: string, { address, id }: PublishMessage) {
    this.sender = sender;
    this.key = key;
    this.address = address;
    this.id = id;
  }
}

/**
 * A place in a line. A line is the ring behind a place that is nobody's. Moving to the end costs 11 ns among 10,000, where a
 * Set costs 105 (Node 20), and a look at the front passes no holes left by those who went.
 */
class Place {
  readonly gesture: Gesture | undefined;
  previous: Place = this;
  next: Place = this;

  constructor(gesture?: Gesture) {
    this.gesture = gesture;
  }

  /** Goes to the end of a line, from wherever it stood in it. */
  join(line: Place): void {
    this.leave();
    this.previous = line.previous;
    this.next = line;
    line.previous.next = this;
    line.previous = this;
  }

  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

/** Whether a move that may have overtaken others, or been overtaken, has its place here. */
function takesNext(gesture: Gesture | undefined, { timestamp }: PublishMessage): boolean {
  if (gesture?.isStarted !== true) return false;
  if (timestamp === undefined) return true;
  if (gesture.newest !== undefined && timestamp < gesture.newest) return false;
  gesture.newest = timestamp;
  return true;
}

/** The id first: it has no space in it, so no two gestures share a key. */
function keyOf({ address, id = 0 }: PublishMessage): string {
  return `${id} ${address}`;
}

function cancelOf({ address, id }: Gesture, timestamp: number): PublishMessage {
  return {
    type: 'publish',
    address,
    signal: 'gesture',
    id,
    phase: 'cancel',
    value: encodedNull,
    timestamp,
  };
}
