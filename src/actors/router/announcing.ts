import { utf8Length } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { MAX_ADDRESS_BYTES } from '../../protocol/limits.js';
import type { AnnounceMessage, Message, QueryMessage } from '../../protocol/messages/message.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import type { Hooks } from './hooks.js';
import { LastWills } from './last-wills.js';
import { QueryAllowance } from './query-allowance.js';
import type { Replies } from './replies.js';
import type { RouterSession } from './router-session.js';
import type { SignalDirectory } from './signal-directory.js';
import { checkGlobstars, type PatternLimits } from './subscribing.js';
import { WILL_ADDRESS } from './system-addresses.js';
import type { Writes } from './writes.js';

/** ANNOUNCE and QUERY (router.md 5.8, 5.9): what signals there are said to be, and the last wills that come with that. */
export class Announcing {
  readonly #options: PatternLimits;
  readonly #signals: SignalDirectory;
  readonly #wills: LastWills;
  readonly #writes: Writes;
  readonly #hooks: Hooks;
  readonly #replies: Replies;
  readonly #queries = new QueryAllowance();

  constructor(
    options: PatternLimits,
    signals: SignalDirectory,
    wills: LastWills,
    writes: Writes,
    hooks: Hooks,
    replies: Replies,
  ) {
    this.#options = options;
    this.#signals = signals;
    this.#wills = wills;
    this.#writes = writes;
    this.#hooks = hooks;
    this.#replies = replies;
  }

  /**
   * @throws ClaspError 200, 400, 402, 403 as {@link SignalDirectory.announce}, 200 for a namespace that is too long, 301
   * without permission, and what is wrong with a last will
   */
  announce(session: RouterSession, message: AnnounceMessage, nowMicros: number): void {
    const { namespace, signals } = message;
    checkNamespace(namespace);
    for (const { address } of signals) checkAnnounce(session, address, nowMicros);
    const will = LastWills.in(message);
    if (will !== undefined && will !== null) this.#writes.checkBundle(session, will, nowMicros);
    this.#signals.announce(
      signals.filter(({ address }) => address !== WILL_ADDRESS),
      nowMicros,
    );
    if (will !== undefined) this.#wills.keep(session, will);
    this.#replies.send(session, { type: 'ack', address: namespace });
  }

  /** What was announced, as far as the session may read there. @throws ClaspError 202, 429 */
  query(session: RouterSession, message: QueryMessage, nowMicros: number): void {
    const pattern: Pattern = parsePattern(message.pattern);
    checkGlobstars(pattern, this.#options);
    this.#queries.check(session, nowMicros);
    const { permissions } = session;
    const { found, looked } = this.#signals.search(pattern, nowMicros);
    this.#queries.spend(session, looked + found.length);
    const shown = found.filter(
      ({ address }) =>
        (permissions.isUnrestricted || permissions.covers('read', parsePattern(address))) &&
        this.#hooks.isVisible(session, address),
    );
    this.#replies.inPieces(session, shown, (signals): Message => ({
      type: 'result',
      signals,
    }));
  }
}

/** The ACK repeats the namespace, so it has to fit a frame of any encoding. @throws ClaspError 200 */
function checkNamespace(namespace: string): void {
  const bytes = utf8Length(namespace);
  if (bytes <= MAX_ADDRESS_BYTES) return;
  throw new ClaspError(
    ErrorCode.InvalidAddress,
    `invalid namespace: it is ${bytes} bytes; the limit is ${MAX_ADDRESS_BYTES}`,
    { address: namespace },
  );
}

/** An announced address may be a pattern; one that is neither is refused by the directory. */
function checkAnnounce(session: RouterSession, address: string, nowMicros: number): void {
  if (session.permissions.isUnrestricted || address === WILL_ADDRESS) return;
  session.permissions.checkAnnounce(parsePattern(address), nowMicros);
}
