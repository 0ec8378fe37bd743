import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { GesturePhase, SignalType } from '../../protocol/enumerations.js';
import { valueFromTimeline } from '../../protocol/timeline.js';
import type { Value } from '../../protocol/values/value.js';
import type { ProposedWrite, SessionIdentity, SignalRules, VisibilityFilter, WriteValidator } from '../ports.js';
import type { RouterSession } from '../session.js';

export interface HooksOptions {
  /** What may be written at some addresses. */
  readonly signals: SignalRules | undefined;
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
export class WriteHooks {
  readonly #options: HooksOptions;

  constructor(options: HooksOptions) {
    this.#options = options;
  }

  /** @throws ClaspError 402 or 403 with the reason; 500 when the hook is broken */
  checkWrite(session: RouterSession, message: SetMessage | PublishMessage): void {
    const { signals, validateWrite } = this.#options;
    if (signals !== undefined) {
      const { address } = message;
      const ask = (): string | undefined =>
        signals.check(address, contentOf(message), typeOf(message), phaseOf(message));
      this.#refuse(ErrorCode.InvalidValue, 'signals', address, ask);
    }
    if (validateWrite !== undefined) {
      const ask = (): string | undefined => validateWrite(proposed(session, message));
      this.#refuse(ErrorCode.Refused, 'validateWrite', message.address, ask);
    }
  }

  #refuse(code: ErrorCode, hook: string, address: string, ask: () => string | undefined): void {
    let reason: string | undefined;
    try {
      reason = ask();
    } catch (fault) {
      this.#options.reportFault(fault, hook);
      throw new ClaspError(ErrorCode.InternalError, 'Internal error', { address, cause: fault });
    }
    if (reason !== undefined) throw new ClaspError(code, reason, { address });
  }

  /** Whether a session is shown what is at an address: its scopes let it read there, and it is visible to it. */
  canSee(session: RouterSession, address: string): boolean {
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

function contentOf(message: SetMessage | PublishMessage): Value | undefined {
  if (message.value !== undefined) return message.value.decode();
  if (message.type !== 'publish') return undefined;
  return message.timeline === undefined ? message.samples : valueFromTimeline(message.timeline);
}

/** A MessagePack sender of old leaves it out; the binary form calls it an event too. */
function typeOf(message: SetMessage | PublishMessage): SignalType {
  return message.type === 'set' ? 'param' : (message.signal ?? 'event');
}

function phaseOf(message: SetMessage | PublishMessage): GesturePhase | undefined {
  return message.type === 'publish' ? message.phase : undefined;
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
