import { parsePattern } from '../../protocol/pattern.js';
import { formatScope, type Scope } from '../../protocol/scope.js';
import type { BatchClock } from '../batch-clock.js';
import type { Owners } from '../quotas/owner.js';
import type { RouterSession } from '../session.js';
import type { SnapshotSender } from '../subscriptions/snapshot-sender.js';
import type { SystemSignals } from '../system/system-signals.js';
import type { TokenPermissions } from './permissions.js';

export interface SessionEntryParts {
  /** Established sessions, by ID. */
  readonly sessions: Map<string, RouterSession>;
  readonly owners: Owners;
  readonly tokens: TokenPermissions;
  readonly snapshots: SnapshotSender;
  readonly system: SystemSignals;
  readonly clock: BatchClock;
}

const EVERYTHING = parsePattern('/**');

/** What happens to a session when it is established. */
export class SessionEntry {
  readonly #parts: SessionEntryParts;

  constructor(parts: SessionEntryParts) {
    this.#parts = parts;
  }

  /** After WELCOME: sends the current state to the session and presence to others. */
  readonly join = (session: RouterSession): void => {
    const { sessions, owners, snapshots, system, clock } = this.#parts;
    sessions.set(session.id, session);
    session.owner = owners.join(session);
    session.joinedMicros = clock.nowMicros;
    if (session.link.wantsSnapshot !== false) snapshots.begin(session, EVERYTHING, { evenEmpty: true });
    system.joined(session, clock.nowMicros);
  };

  /**
   * Limits a session to scopes without a token. It has no grant, so its owner is that of its connection. Sessions with
   * equal scopes share the results of the checks.
   */
  readonly limit = (session: RouterSession, scopes: readonly Scope[]): void => {
    const tokenId = `scopes:${scopes.map(formatScope).join()}`;
    const none = { subject: undefined, constraints: [], expiresAtSeconds: undefined };
    session.permissions = this.#parts.tokens.of({ tokenId, scopes, ...none });
  };
}
