import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { ProposedWrite, SessionIdentity, VisibilityFilter, WriteValidator } from '../ports.js';
import type { RouterSession } from './router-session.js';

export interface HooksOptions {
  /** Has the last word on every write. */
  readonly validateWrite: WriteValidator | undefined;
  /** Whether a session may know of an address. */
  readonly isVisible: VisibilityFilter | undefined;
  /** Hears what a hook throws. */
  readonly reportFault: (fault: unknown, hook: string) => void;
}

/**
 * What the owner of the router has to say about writes and what is seen of them. A hook that throws costs the message it was asked
 * about, and errs on the safe side: the write is refused, the address is not shown.
 */
export class Hooks {
  readonly #options: HooksOptions;

  constructor(options: HooksOptions) {
    this.#options = options;
  }

  /** @throws ClaspError 403 with the reason; 500 when the hook is broken */
  checkWrite(session: RouterSession, message: SetMessage | PublishMessage): void {
    const { validateWrite, reportFault } = this.#options;
    if (validateWrite === undefined) return;
    const { address } = message;
    let reason: string | undefined;
    try {
      reason = validateWrite(proposed(session, message));
    } catch (fault) {
      reportFault(fault, 'validateWrite');
      throw new ClaspError(ErrorCode.InternalError, 'Internal error', { address, cause: fault });
    }
    if (reason !== undefined) throw new ClaspError(ErrorCode.Refused, reason, { address });
  }

  /** Whether a session is shown what is at an address: its scopes let it read there, and it is visible to it. */
  shows(session: RouterSession, address: string): boolean {
    const { permissions } = session;
    return (permissions.isUnrestricted || permissions.allows('read', address)) && this.isVisible(session, address);
  }

  /** The same without the scopes. */
  isVisible(session: RouterSession, address: string): boolean {
    const { isVisible, reportFault } = this.#options;
    if (isVisible === undefined) return true;
    try {
      const answer: unknown = isVisible(address, identityOf(session));
      return answer === true; // what is not typed may answer with a promise, which must not count as a yes
    } catch (fault) {
      reportFault(fault, 'isVisible');
      return false;
    }
  }
}

function proposed(session: RouterSession, message: SetMessage | PublishMessage): ProposedWrite {
  return {
    kind: message.type,
    address: message.address,
    get value() {
      return message.value?.decode();
    },
    session: identityOf(session),
  };
}

function identityOf({ id, name, link, grant }: RouterSession): SessionIdentity {
  return { id, name, transport: link.transport, remoteAddress: link.remoteAddress, grant };
}
