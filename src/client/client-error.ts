import { ClaspError, ErrorCode, errorName } from '../protocol/errors.js';
import type { LibraryErrorCode } from '../util/library-errors.js';
import type { ErrorMessage } from '../protocol/messages/message.js';

/**
 * What went wrong on this side of the router:
 *
 * - `timeout`: no answer in time; whether the request took effect is unknown
 * - `lost`: the connection broke before the answer came; whether the request took effect is unknown
 * - `unanswered`: the router has gone on to later requests without answering this one
 * - `unreachable`: no connection, or no WELCOME, could be had
 * - `offline`: there is no connection at the moment; nothing was sent
 * - `overloaded`: the network takes less than is written; nothing was sent
 * - `closed`: the client was closed
 * - `listener`: a listener threw; `cause` says what
 */
export type ClientErrorKind =
  'timeout' | 'lost' | 'unanswered' | 'unreachable' | 'offline' | 'overloaded' | 'closed' | 'listener';

/** A fault that the router has not spoken of. What it says itself is a `ClaspError`. */
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

/** The ERROR of a router as something to throw. A code our registry does not have becomes 500, and stands in the text. */
export function claspErrorOf({ code, message, address }: ErrorMessage): ClaspError {
  const name = errorName(code);
  const about = address === undefined ? {} : { address };
  return name === undefined
    ? new ClaspError(ErrorCode.InternalError, `${message} (error ${code})`, about)
    : new ClaspError(ErrorCode[name], message, about);
}

/** What an error says. If `node:net` fails at each address of a name, only the errors of the addresses have a message. */
export function messageOf(error: unknown): string {
  if (!isRecord(error)) return String(error);
  const { message, errors } = error;
  if (typeof message === 'string' && message !== '') return message;
  return Array.isArray(errors) ? errors.map(messageOf).join('; ') : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Anything that was thrown, as an Error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
