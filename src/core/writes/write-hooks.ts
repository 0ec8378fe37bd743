import type { hookOptions } from './write-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { GesturePhase, SignalType } from '../../protocol/enumerations.js';
import { valueFromTimeline } from '../../protocol/timeline.js';
import type { Value } from '../../protocol/values/value.js';
import type { ProposedWrite, SessionIdentity } from '../ports.js';
import type { RouterSession } from '../session.js';

export interface HooksOptions extends OptionValues<typeof hookOptions> {
  /** Receives exceptions of hooks. */
  readonly reportFault: (fault: unknown, hook: string) => void;
}

/**
 * Hooks of the embedding program for writes and visibility. If a hook throws, only the current message is affected, on
 * the safe side: the write is refused, the address stays hidden.
 */
export class WriteHooks {
  readonly #options: HooksOptions;

  constructor(options: HooksOptions) {
    this.#options = options;
  }

  /** @throws ClaspError 402 or 403 with the reason; 500 if the hook throws */
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

  /** Whether a session can see an address: a scope permits reading, and the visibility filter accepts it. */
  canSee(session: RouterSession, address: string): boolean {
    const { permissions } = session;
    return (permissions.isUnrestricted || permissions.allows('read', address)) && this.isVisible(session, address);
  }

  /** The same without scopes. */
  isVisible(session: RouterSession, address: string): boolean {
    const { isVisible, reportFault } = this.#options;
    if (isVisible === undefined) return true;
    try {
      const answer: unknown = isVisible(address, identityOf(session));
      return answer === true; // an untyped hook can return a promise, which must not count as true
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

/** Legacy MessagePack senders omit the type; the binary form reads that as an event too. */
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
