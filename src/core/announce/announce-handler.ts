import { utf8Length } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { MAX_ADDRESS_BYTES } from '../../protocol/limits.js';
import type { AnnounceMessage } from '../../protocol/messages/message.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import { type LastWill, LastWills } from './last-wills.js';
import { messageSteps } from '../scheduling/message-steps.js';
import type { Replies } from '../delivery/replies.js';
import type { RouterSession } from '../session.js';
import type { SignalDirectory } from './signal-directory.js';
import { checkGlobstars, type PatternLimits } from '../subscriptions/subscribe-handler.js';
import { WILL_ADDRESS } from '../system/system-addresses.js';
import type { WriteHandler } from '../writes/write-handler.js';

/** Maximum steps of one ANNOUNCE: 2 ms. A frame full of small definitions takes about 80,000. */
export const MAX_ANNOUNCE_STEPS = 100_000;

/** Bytes of a last will read per step, log2. */
const BYTES_PER_STEP_LOG2 = 1;

/** Handles ANNOUNCE (router.md 5.9): signal definitions and last wills. */
export class AnnounceHandler {
  readonly #options: PatternLimits;
  readonly #signals: SignalDirectory;
  readonly #wills: LastWills;
  readonly #writes: WriteHandler;
  readonly #replies: Replies;
  readonly #work: StepCounter;

  /** @param work counts the steps of each ANNOUNCE */
  constructor(
    options: PatternLimits,
    signals: SignalDirectory,
    wills: LastWills,
    writes: WriteHandler,
    replies: Replies,
    work: StepCounter,
  ) {
    this.#options = options;
    this.#signals = signals;
    this.#wills = wills;
    this.#writes = writes;
    this.#replies = replies;
    this.#work = work;
  }

  /**
   * @throws ClaspError 200, 400, 402, 403, 429 as {@link SignalDirectory.announce}, 200 for a namespace that is too
   *   long, 202 for a pattern with too many `**`, 301 without permission, and the errors of a last will
   */
  announce(session: RouterSession, message: AnnounceMessage, nowMicros: number): void {
    const { namespace } = message;
    const { permissions } = session;
    const owner = session.owner!; // set when the session is established; other sessions send no ANNOUNCE
    checkNamespace(namespace);
    const will = LastWills.in(message);
    if (will !== undefined) this.#checkWill(session, will, nowMicros);
    const signals = message.signals.filter(({ address }) => address !== WILL_ADDRESS);
    this.#signals.announce(owner, signals, nowMicros, {
      check: (address) => {
        checkGlobstars(address, this.#options);
        if (!permissions.isUnrestricted) permissions.checkAnnounce(address, nowMicros, this.#work);
      },
      counter: this.#work,
      maxSteps: owner.isTrusted ? Infinity : MAX_ANNOUNCE_STEPS,
    });
    if (will !== undefined) for (const other of this.#wills.keep(session, will)) this.#notifyDropped(other);
    this.#replies.send(session, { type: 'ack', address: namespace });
  }

  /** @throws ClaspError as {@link WriteHandler.checkBundle}, 503 over the memory limit */
  #checkWill(session: RouterSession, will: LastWill | null, nowMicros: number): void {
    if (will !== null) {
      this.#work.steps += messageSteps(will.bundle) + (will.encoded.byteLength >> BYTES_PER_STEP_LOG2);
      this.#writes.checkBundle(session, will.bundle, nowMicros);
    }
    this.#wills.check(session, will);
  }

  #notifyDropped(session: RouterSession): void {
    const text = 'The last will was dropped for those of other sessions, because it takes the most of the common limit';
    if (session.established) this.#replies.error(session, new ClaspError(ErrorCode.Overloaded, text));
  }
}

/** The ACK repeats the namespace, so it must fit a frame of any encoding. @throws ClaspError 200 */
function checkNamespace(namespace: string): void {
  const bytes = utf8Length(namespace);
  if (bytes <= MAX_ADDRESS_BYTES) return;
  throw new ClaspError(
    ErrorCode.InvalidAddress,
    `invalid namespace: it is ${bytes} bytes; the limit is ${MAX_ADDRESS_BYTES}`,
    { address: namespace },
  );
}
