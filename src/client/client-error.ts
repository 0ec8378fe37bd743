import { ClaspError, ErrorCode, errorName } from '../protocol/errors.js';
import type { LibraryErrorCode } from '../util/library-errors.js';
import type { ErrorMessage } from '../protocol/messages/message.js';

/**
 * Kind of an error on the client's side:
 *
 * - `timeout`: no answer in time. Whether the request took effect is unknown.
 * - `lost`: the connection was lost before the answer. Whether the request took effect is unknown.
 * - `unanswered`: the router answered later requests, but not this one.
 * - `unreachable`: no connection, or no WELCOME.
 * - `offline`: there is currently no connection. Nothing was sent.
 * - `overloaded`: the network accepts less than is written. Nothing was sent.
 * - `closed`: the client was closed.
 * - `listener`: a listener threw. `cause` is the exception.
 */
export type ClientErrorKind =
  'timeout' | 'lost' | 'unanswered' | 'unreachable' | 'offline' | 'overloaded' | 'closed' | 'listener';

/** An error that the router did not report. An ERROR of the router is a `ClaspError`. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly kind: ClientErrorKind;
  readonly code: LibraryErrorCode;

  constructor(kind: ClientErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = codes[kind];
  }

  toJSON(): object {
    const { name, code, kind, message } = this;
    return { name, code, kind, message };
  }
}

const codes: Readonly<Record<ClientErrorKind, LibraryErrorCode>> = {
  timeout: 'CLASP_ERR_TIMEOUT',
  lost: 'CLASP_ERR_LOST',
  unanswered: 'CLASP_ERR_UNANSWERED',
  unreachable: 'CLASP_ERR_UNREACHABLE',
  offline: 'CLASP_ERR_OFFLINE',
  overloaded: 'CLASP_ERR_OVERLOADED',
  closed: 'CLASP_ERR_CLOSED',
  listener: 'CLASP_ERR_LISTENER',
};

/**
 * Converts an ERROR of the router to an exception. A code that the registry does not contain becomes 500, and the
 * message contains it.
 */
export function claspErrorOf({ code, message, address }: ErrorMessage): ClaspError {
  const name = errorName(code);
  const about = address === undefined ? {} : { address };
  return name === undefined
    ? new ClaspError(ErrorCode.InternalError, `${message} (error ${code})`, about)
    : new ClaspError(ErrorCode[name], message, about);
}

/**
 * Returns the message of an error. If `node:net` fails at each address of a name, only the errors of the addresses have
 * a message.
 */
export function messageOf(error: unknown): string {
  if (!isRecord(error)) return String(error);
  const { message, errors } = error;
  if (typeof message === 'string' && message !== '') return message;
  return Array.isArray(errors) ? errors.map(messageOf).join('; ') : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Converts any thrown value to an Error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
