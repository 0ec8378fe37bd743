import { type ClaspError, ErrorCode } from '../protocol/errors.js';
import type {
  AckMessage,
  ErrorMessage,
  Message,
  SignalDefinition,
  SnapshotEntry,
  SyncMessage,
} from '../protocol/messages/message.js';
import { matchPattern } from '../protocol/pattern.js';
import type { U64 } from '../protocol/u64.js';
import { claspErrorOf, ClientError } from './client-error.js';
import type { RequestRules } from './requests.js';

// Rules by which answers are recognized (wire.md 15). ACK and ERROR name an address, not a request:
//   SET       ACK with address and revision            ERROR with the address
//   ANNOUNCE  ACK with the namespace, no revision      ERROR with the namespace
//   BUNDLE    ACK without address                      ERROR with an address of its messages, or without one
//   GET       SNAPSHOT of that one param               ERROR with the address
//   QUERY     RESULTs, until a later SYNC is answered  ERROR with the pattern
//   SUBSCRIBE SNAPSHOTs, until a later SYNC ...        ERROR with the pattern
//   PING      PONG
//   SYNC      SYNC with its t1: the only answer that identifies its request

/** ERRORs without an address that concern the whole session. */
const GENERAL_ERRORS: readonly number[] = [
  ErrorCode.InvalidFrame,
  ErrorCode.RateLimited,
  ErrorCode.ServiceUnavailable,
  ErrorCode.Overloaded,
];
/** Codes that only a GET can cause, only a pattern, only a write. */
const OF_GET: readonly number[] = [ErrorCode.AddressNotFound];
const OF_PATTERN: readonly number[] = [ErrorCode.PatternError];
const OF_WRITE: readonly number[] = [ErrorCode.RevisionConflict, ErrorCode.LockHeld, ErrorCode.InvalidValue];

const NOT_OF_SET = [...OF_GET, ...OF_PATTERN];
const NOT_OF_GET = [...OF_PATTERN, ...OF_WRITE];
const NOT_OF_PATTERN = [ErrorCode.InvalidAddress, ...OF_GET, ...OF_WRITE];

/**
 * Maximum definitions per QUERY. No real installation has as many, but a hostile router could send them without end.
 */
const MAX_DEFINITIONS = 100_000;

export function setRules(address: string): RequestRules<AckMessage> {
  return {
    label: `SET ${address}`,
    take: (message, { resolve, reject }) => {
      if (message.type === 'ack' && message.address === address && message.revision !== undefined) resolve(message);
      else if (isAbout(message, address, NOT_OF_SET)) reject(claspErrorOf(message));
      else return undefined;
      return 'done';
    },
  };
}

export function announceRules(namespace: string): RequestRules<void> {
  return {
    label: `ANNOUNCE ${namespace}`,
    take: (message, { resolve, reject }) => {
      // An empty namespace can be present in the answer or omitted.
      const isAck = message.type === 'ack' && message.revision === undefined;
      if (isAck && (message.address ?? '') === namespace) resolve();
      else if (isAbout(message, namespace, NOT_OF_SET)) reject(claspErrorOf(message));
      else return undefined;
      return 'done';
    },
  };
}

/** @param addresses the addresses of its messages */
export function bundleRules(addresses: ReadonlySet<string>): RequestRules<AckMessage> {
  return {
    label: `BUNDLE of ${[...addresses].slice(0, 3).join(', ')}`,
    take: (message, { resolve, reject }) => {
      if (message.type === 'ack' && message.address === undefined) resolve(message);
      else if (message.type === 'error' && isOfBundle(message, addresses)) reject(claspErrorOf(message));
      else return undefined;
      return 'done';
    },
  };
}

function isOfBundle({ code, address }: ErrorMessage, addresses: ReadonlySet<string>): boolean {
  return address === undefined ? !GENERAL_ERRORS.includes(code) : addresses.has(address);
}

/** Resolves with undefined if the param does not exist. */
export function getRules(address: string): RequestRules<SnapshotEntry | undefined> {
  return {
    label: `GET ${address}`,
    take: (message, { resolve, reject }) => {
      if (message.type === 'snapshot' && message.params.length === 1 && message.params[0]!.address === address) {
        const [entry] = message.params;
        resolve({ ...entry!, value: entry!.value.copy() }); // copied: the caller reads it after this turn
      } else if (isAbout(message, address, NOT_OF_GET)) {
        if (message.code === ErrorCode.AddressNotFound) resolve(undefined);
        else reject(claspErrorOf(message));
      } else return undefined;
      return 'done';
    },
  };
}

/** RESULTs have no end marker: a SYNC must be sent directly after it. */
export function queryRules(pattern: string): RequestRules<readonly SignalDefinition[]> {
  const found: SignalDefinition[] = [];
  return {
    label: `QUERY ${pattern}`,
    take: (message, { reject }) => {
      if (message.type === 'result') {
        if (found.length + message.signals.length > MAX_DEFINITIONS) {
          reject(
            new ClientError(
              'overloaded',
              `more than ${MAX_DEFINITIONS} signals match ${pattern}; use a narrower pattern`,
            ),
          );
        } else found.push(...message.signals);
        return 'part';
      }
      if (!isAbout(message, pattern, NOT_OF_PATTERN)) return undefined;
      reject(claspErrorOf(message));
      return 'done';
    },
    passed: ({ resolve }) => {
      resolve(found);
    },
  };
}

/**
 * A SUBSCRIBE has no answer except its snapshot, and that only if something matches. A SYNC must be sent directly after
 * it. Both functions are called as soon as the result is known, before later messages of the same packet.
 */
export function subscribeRules(
  pattern: string,
  taken: () => void,
  refused: (error: ClaspError) => void,
): RequestRules<void> {
  return {
    label: `SUBSCRIBE ${pattern}`,
    take: (message, { resolve }) => {
      // Otherwise a later GET would accept an older snapshot as its answer.
      if (message.type === 'snapshot') {
        return message.params.some(({ address }) => matchPattern(pattern, address)) ? 'part' : undefined;
      }
      if (!isAbout(message, pattern, NOT_OF_PATTERN)) return undefined;
      refused(claspErrorOf(message));
      resolve();
      return 'done';
    },
    passed: ({ resolve }) => {
      taken();
      resolve();
    },
  };
}

export const pingRules: RequestRules<void> = {
  label: 'PING',
  take: (message, { resolve }) => {
    if (message.type !== 'pong') return undefined;
    resolve();
    return 'done';
  },
};

/** @param read called with the answer as soon as it arrives */
export function syncRules<A>(t1: U64, read: (answer: SyncMessage) => A): RequestRules<A> {
  return {
    label: 'SYNC',
    take: (message, { resolve }) => {
      if (message.type !== 'sync' || message.t1 !== t1) return undefined;
      resolve(read(message));
      return 'done';
    },
  };
}

/** Returns whether a router rejects a request with this address, pattern or namespace, with a code that fits. */
function isAbout(message: Message, subject: string, unfit: readonly number[]): message is ErrorMessage {
  return message.type === 'error' && message.address === subject && !unfit.includes(message.code);
}
