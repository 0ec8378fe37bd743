import { parseAddress } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { BundleMessage, PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import { encodedNull, type EncodedValue } from '../../protocol/values/encoded-value.js';
import { checkAnnounced } from '../announce/announced-values.js';
import { type ConflictRule, reconcileFor } from '../params/conflict-strategies.js';
import { acceptSet, checkLock, type ProjectedParam } from './accept-set.js';
import type { WriteHooks } from './write-hooks.js';
import type { Changes } from '../changes.js';
import type { Param } from '../params/param.js';
import type { ParamStore } from '../params/param-store.js';
import type { PublishHandler } from '../publish/publish-handler.js';
import type { ReplyHold } from '../reply-hold.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { SignalDirectory } from '../announce/signal-directory.js';
import { checkValueSize } from '../size-limits.js';

/** Steps of adding a new param to the indexes, including its memory allocation. */
const CREATE_STEPS = 200;

/** An accepted write: the value to store and the message to send. */
interface PlannedSet {
  readonly message: SetMessage;
  /** The value to store: the incoming one, or the result of the conflict strategy. */
  readonly value: EncodedValue;
}

/**
 * Handles SET, PUBLISH and BUNDLE. Each is planned first, without effects, and then applied, which cannot fail: a
 * bundle is applied entirely or not at all.
 */
export class WriteHandler {
  readonly #params: ParamStore;
  readonly #routing: SignalRouter;
  readonly #passing: PublishHandler;
  readonly #rules: readonly ConflictRule[];
  readonly #maxValueBytes: number;
  readonly #announced: SignalDirectory | undefined;
  readonly #hooks: WriteHooks;
  readonly #work: StepCounter;
  readonly #changes: Changes;
  readonly #hold: ReplyHold | undefined;

  /** @param options.announced if set, a SET must conform to the announced definition */
  constructor(
    params: ParamStore,
    routing: SignalRouter,
    passing: PublishHandler,
    options: {
      readonly rules: readonly ConflictRule[];
      readonly maxValueBytes: number;
      readonly announced: SignalDirectory | undefined;
      readonly hooks: WriteHooks;
      /** Counts the cost of new params. */
      readonly work: StepCounter;
      readonly changes: Changes;
      /** Refuses writes that cannot be stored as required. */
      readonly hold: ReplyHold | undefined;
    },
  ) {
    this.#params = params;
    this.#routing = routing;
    this.#passing = passing;
    this.#rules = options.rules;
    this.#maxValueBytes = options.maxValueBytes;
    this.#announced = options.announced;
    this.#hooks = options.hooks;
    this.#work = options.work;
    this.#changes = options.changes;
    this.#hold = options.hold;
  }

  /** @returns the updated param @throws ClaspError 200, 301, 302, 400, 401, 402, 403, 429, 503 */
  set(session: RouterSession, message: SetMessage, nowMicros: number): Param {
    this.#checkMay(session, message, nowMicros, 'now');
    const param = this.#params.get(message.address, nowMicros);
    const { byteLength } = message.value;
    if (param === undefined) this.#params.eviction.checkCapacity(session, message.address, 1, byteLength);
    else if (byteLength > param.capacity)
      this.#params.eviction.checkCapacity(session, message.address, 0, byteLength - param.capacity);
    this.#checkAnnounced(message, nowMicros);
    const value = acceptSet(session, message, param);
    return this.#applySet(session, { message, value }, nowMicros, param);
  }

  /**
   * Removes a param. Its subscribers receive null with the next revision, because CLASP has no message for a removal.
   *
   * @returns that revision
   * @throws ClaspError 201 if it does not exist, and those of {@link set}
   */
  remove(session: RouterSession, address: string, nowMicros: number): number {
    const message: SetMessage = { type: 'set', address, value: encodedNull };
    this.#checkMay(session, message, nowMicros, 'now');
    const param = this.#params.get(address, nowMicros);
    if (param === undefined) {
      parseAddress(address);
      throw new ClaspError(ErrorCode.AddressNotFound, 'Address not found', { address });
    }
    checkLock(session, param, message);
    this.#params.write(param, encodedNull, message, session, nowMicros);
    const logs = this.#routing.set(message, param.revision, nowMicros);
    if (logs !== 0) this.#changes.set(logs, param, encodedNull, session, nowMicros);
    this.#params.remove(address);
    this.#changes.removed(param, 'removed', nowMicros);
    return param.revision;
  }

  /** @throws ClaspError 200, 301, 302, 402, 403, 404, 429 */
  publish(session: RouterSession, message: PublishMessage, nowMicros: number): void {
    this.#checkMay(session, message, nowMicros, 'now');
    this.#passing.publish(session, message, nowMicros);
  }

  /**
   * Applies all messages in order, or none, without writes of other sessions in between (router.md 5.6).
   *
   * @returns the param of the last SET, if any
   * @param came whether it has just arrived; false for a scheduled bundle, which was counted on arrival
   * @throws ClaspError with the code of the first error, and 101 for a message that is no write
   */
  bundle(
    session: RouterSession,
    bundle: BundleMessage,
    nowMicros: number,
    came: 'now' | 'earlier' = 'now',
  ): Param | undefined {
    const planned = this.#plan(session, bundle, nowMicros, came);
    let last: Param | undefined;
    this.#changes.beginBundle(session);
    for (const step of planned) {
      if ('message' in step) last = this.#applySet(session, step, nowMicros);
      else this.#passing.apply(session, step, nowMicros);
    }
    this.#changes.endBundle();
    return last;
  }

  /** Checks whether a bundle would be accepted now. @throws ClaspError as {@link bundle} does */
  checkBundle(session: RouterSession, bundle: BundleMessage, nowMicros: number): void {
    this.#plan(session, bundle, nowMicros, 'now');
  }

  /** Checks whether the session is permitted to write this, regardless of the stored param. */
  #checkMay(
    session: RouterSession,
    message: SetMessage | PublishMessage,
    nowMicros: number,
    came: 'now' | 'earlier',
  ): void {
    const { permissions } = session;
    checkValueSize(message, this.#maxValueBytes);
    if (message.type === 'set') this.#hold?.check(message.address);
    if (!permissions.isUnrestricted) {
      permissions.checkWrite(message, nowMicros);
      if (came === 'now') permissions.countWrite(message.address, nowMicros);
    }
    this.#hooks.checkWrite(session, message);
  }

  #applySet(
    session: RouterSession,
    { message, value }: PlannedSet,
    nowMicros: number,
    known: Param | undefined = this.#params.get(message.address, nowMicros),
  ): Param {
    const param = known ?? this.#create(session, message.address, nowMicros);
    // An attachment describes the value that was sent, not one that a conflict strategy made of it.
    const sent = value === message.value ? message : { ...message, value, attachment: undefined };
    const heldBefore = param.holder;
    this.#params.write(param, value, sent, session, nowMicros);
    if (message.unlock === true) this.#params.locks.unlock(param);
    // Accepted despite the lock of another session: the lock is taken over.
    const takesOver = param.holder !== undefined && param.holder !== session;
    // A bundle can outlive its sender. A lock of an ended session would never be released.
    if ((message.lock === true || takesOver) && session.established) this.#params.locks.lock(param, session, nowMicros);
    const logs = this.#routing.set(sent, param.revision, nowMicros);
    if (logs !== 0) {
      this.#changes.set(logs, param, value, session, nowMicros);
      if (param.holder !== heldBefore) this.#changes.locked(param, logs);
    }
    return param;
  }

  #create(session: RouterSession, address: string, nowMicros: number): Param {
    const param = this.#params.create(parseAddress(address), session, nowMicros);
    param.reconcile = reconcileFor(this.#rules, address);
    this.#work.steps += CREATE_STEPS;
    return param;
  }

  #checkAnnounced({ address, value }: SetMessage, nowMicros: number): void {
    const definition = this.#announced?.describing(address, nowMicros);
    if (definition !== undefined) checkAnnounced(definition, address, value);
  }

  /** Checks each message against the projected result of the preceding ones in the bundle. */
  #plan(
    session: RouterSession,
    bundle: BundleMessage,
    nowMicros: number,
    came: 'now' | 'earlier',
  ): readonly (PlannedSet | PublishMessage)[] {
    const planned: (PlannedSet | PublishMessage)[] = [];
    const projected = new Map<string, ProjectedParam>();
    let fresh = 0;
    let freshBytes = 0;
    for (const inner of bundle.messages) {
      try {
        if (inner.type === 'set') {
          this.#checkMay(session, inner, nowMicros, came);
          const before = projected.get(inner.address) ?? this.#params.get(inner.address, nowMicros);
          if (before === undefined) {
            freshBytes += inner.value.byteLength;
            this.#params.eviction.checkCapacity(session, inner.address, ++fresh, freshBytes);
          }
          this.#checkAnnounced(inner, nowMicros);
          const value = acceptSet(session, inner, before);
          projected.set(inner.address, {
            revision: (before?.revision ?? 0) + 1,
            value,
            holder: inner.lock === true ? session : inner.unlock === true ? undefined : before?.holder,
            reconcile: before?.reconcile ?? reconcileFor(this.#rules, inner.address),
          });
          planned.push({ message: inner, value });
        } else if (inner.type === 'publish') {
          this.#checkMay(session, inner, nowMicros, came);
          this.#passing.check(session, inner);
          planned.push(inner);
        } else {
          throw new ClaspError(ErrorCode.InvalidMessage, `only SET and PUBLISH can be bundled, not ${inner.type}`);
        }
      } catch (error) {
        if (!(error instanceof ClaspError)) throw error;
        const about = error.address === undefined ? {} : { address: error.address };
        throw new ClaspError(error.code, `Bundle rejected: ${error.message}`, about);
      }
    }
    return planned;
  }
}
