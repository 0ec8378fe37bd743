/**
 * The registry of CLASP errors: every code the wire knows (wire.md 7.9, router.md 20), its stable name and what it
 * means. A message to a peer states the fact with its numbers; the code is what programs read.
 */
export const ErrorCode = {
  InvalidFrame: 100,
  InvalidMessage: 101,
  UnsupportedVersion: 102,
  InvalidAddress: 200,
  AddressNotFound: 201,
  PatternError: 202,
  Unauthorized: 300,
  Forbidden: 301,
  TokenExpired: 302,
  RevisionConflict: 400,
  LockHeld: 401,
  InvalidValue: 402,
  Refused: 403,
  TargetNotFound: 404,
  RateLimited: 429,
  InternalError: 500,
  ServiceUnavailable: 501,
  Timeout: 502,
  Overloaded: 503,
  Closed: 1000,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
export type ErrorName = keyof typeof ErrorCode;

/** What each code means to the peer that receives it. `docs/errors.md` holds the same table; a test compares the two. */
export const errorMeanings: Readonly<Record<ErrorName, string>> = {
  InvalidFrame: 'The frame header cannot be read, or claims something that has no meaning.',
  InvalidMessage: 'The payload cannot be read, or the message is not allowed in this state of the session.',
  UnsupportedVersion: 'Reserved. Differences of protocol version are never refused.',
  InvalidAddress:
    'An address that is empty, does not start with "/", has an empty inner segment, holds "*", or is too long.',
  AddressNotFound: 'GET of an address that holds no param.',
  PatternError: 'A pattern that does not start with "/" or has an empty inner segment.',
  Unauthorized: 'HELLO without a token, or with one that is not valid, on a router that asks for one.',
  Forbidden: 'The token does not cover this operation on this address.',
  TokenExpired: 'The token was valid once and is no longer.',
  RevisionConflict: 'The param has another revision than the writer expected, or a limit of the request was exceeded.',
  LockHeld: 'The param is locked by another session.',
  InvalidValue: 'The value is too large, out of range or of the wrong type.',
  Refused:
    'A rule of this installation refused the write, the message names another session as its sender, or its address is the router’s own.',
  TargetNotFound: 'The addressed session does not exist.',
  RateLimited:
    'The session sends more than its limit allows; what was over it was dropped. The text names the limit and its option.',
  InternalError: 'The router failed. The fault is its own, not the peer’s.',
  ServiceUnavailable: 'The feature is not configured on this router, or it is shutting down.',
  Timeout: 'The session said nothing for too long.',
  Overloaded: 'No capacity: too many sessions, or the peer reads too slowly.',
  Closed:
    'Not an error: the sender closes the session. A client sends it to leave, and over UDP the router returns it.',
};

const namesByCode: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name as ErrorName]), // the keys of ErrorCode are ErrorName
);

/** The registry's name of a code, or undefined for a code that is not ours. */
export function errorName(code: number): ErrorName | undefined {
  return namesByCode.get(code);
}

/** A fault that has a code on the wire. What peers do wrong is always one of these; anything else thrown is our bug. */
export class ClaspError extends Error {
  override readonly name: string = 'ClaspError';
  readonly code: ErrorCode;
  /** The address or pattern the error is about. */
  readonly address: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly address?: string; readonly cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.address = options.address;
  }

  /** Without it the message, which no error enumerates, is missing in JSON. */
  toJSON(): object {
    const { name, code, message, address } = this;
    return { name, code, message, address };
  }
}

/** Why bytes are no frame (ERROR 100). */
export type FrameFault = 'TruncatedHeader' | 'BadMagic' | 'TruncatedFrame' | 'UnsupportedFlags' | 'FrameTooLarge';

/** Why a payload is no message (ERROR 101). The first nine names are those of wire.md 14. */
export type PayloadFault =
  | 'EmptyPayload'
  | 'TruncatedPayload'
  | 'LengthOverrun'
  | 'CountOverrun'
  | 'DepthExceeded'
  | 'InvalidUtf8'
  | 'UnknownValueType'
  | 'UnknownMessageType'
  | 'UnknownFederationOp'
  | 'LegacyDecode'
  | 'CborDecode'
  | 'JsonDecode';

export type DecodeFault = FrameFault | PayloadFault;

/** Bytes that are no CLASP message. The only thing a decoder throws. */
export class DecodeError extends ClaspError {
  override readonly name = 'DecodeError';
  readonly fault: DecodeFault;

  constructor(fault: DecodeFault, message: string, cause?: unknown) {
    super(
      isFrameFault(fault) ? ErrorCode.InvalidFrame : ErrorCode.InvalidMessage,
      message,
      cause === undefined ? {} : { cause },
    );
    this.fault = fault;
  }
}

/** A message that has no bytes: it does not fit its fields. The only thing an encoder throws. */
export class EncodeError extends ClaspError {
  override readonly name = 'EncodeError';
  readonly fault: 'PayloadTooLarge' | 'NotEncodable';

  constructor(fault: 'PayloadTooLarge' | 'NotEncodable', message: string) {
    super(ErrorCode.InvalidValue, message);
    this.fault = fault;
  }
}

function isFrameFault(fault: DecodeFault): fault is FrameFault {
  switch (fault) {
    case 'TruncatedHeader':
    case 'BadMagic':
    case 'TruncatedFrame':
    case 'UnsupportedFlags':
    case 'FrameTooLarge':
      return true;
    default:
      return false;
  }
}
