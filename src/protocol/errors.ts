/**
 * The registry of CLASP errors: every code of the wire (wire.md 7.9, router.md 20), its stable name and its meaning. An
 * error message states the facts with numbers. Programs use the code.
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

/**
 * Meaning of each code for the peer that receives it. `docs/reference/errors.md` contains the same table; a test compares the
 * two.
 */
export const errorMeanings: Readonly<Record<ErrorName, string>> = {
  InvalidFrame: 'The frame header is malformed, or sets bits that CLASP does not define.',
  InvalidMessage: 'The payload is malformed, or the message is not allowed in this state of the session.',
  UnsupportedVersion: 'Reserved. The router accepts every protocol version.',
  InvalidAddress:
    'An address that is empty, does not start with "/", has an empty inner segment, contains "*", or is too long.',
  AddressNotFound: 'GET of an address without a param.',
  PatternError: 'A pattern that does not start with "/" or has an empty inner segment.',
  Unauthorized: 'HELLO without a valid token, on a router that requires one.',
  Forbidden: 'The token does not cover this operation on this address.',
  TokenExpired: 'The token was valid but has expired.',
  RevisionConflict:
    'The param’s revision differs from the one that the writer expected, or a limit of the request was exceeded.',
  LockHeld: 'The param is locked by another session.',
  InvalidValue: 'The value is too large, out of range or of the wrong type.',
  Refused:
    'A rule of this installation refused the write, the message names another session as its sender, or its address is the router’s own.',
  TargetNotFound: 'The addressed session does not exist.',
  RateLimited:
    'The session exceeds a limit, and the router dropped the excess. The message names the limit and its option.',
  InternalError: 'Internal error of the router. The peer is not the cause.',
  ServiceUnavailable: 'The feature is not configured on this router, or it is shutting down.',
  Timeout: 'The session was silent for too long.',
  Overloaded: 'No capacity: too many sessions, or the peer reads too slowly.',
  Closed:
    'Not an error: the sender closes the session. A client sends it to leave, and over UDP the router returns it.',
};

const namesByCode: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name as ErrorName]), // invariant: the keys are ErrorName
);

/** Returns the registered name of a code, or undefined for an unknown code. */
export function errorName(code: number): ErrorName | undefined {
  return namesByCode.get(code);
}

export interface ClaspErrorOptions {
  readonly address?: string;
  readonly cause?: unknown;
  /** Whether `stack` contains the calls. @default only for `InternalError` */
  readonly hasCalls?: boolean;
}

/**
 * An error with a code on the wire. Every fault of a peer is one of these. Any other exception is a bug in the router.
 * Its `stack` has one line, without the calls: a peer can cause thousands per second, and collecting the calls, which have
 * no reader, would take four fifths of the time (2.2 instead of 0.4 µs).
 */
export class ClaspError extends Error {
  override readonly name: string = 'ClaspError';
  readonly code: ErrorCode;
  /** The address or pattern that the error concerns. */
  readonly address: string | undefined;

  constructor(code: ErrorCode, message: string, options: ClaspErrorOptions = {}) {
    const { hasCalls = code === ErrorCode.InternalError } = options;
    const limit = hasCalls ? undefined : withoutCalls();
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    if (limit !== undefined) Error.stackTraceLimit = limit;
    this.code = code;
    this.address = options.address;
  }

  /** Includes the message, which is not enumerable on an Error and would be missing in JSON. */
  toJSON(): object {
    const { name, code, message, address } = this;
    return { name, code, message, address };
  }
}

/** Why bytes are not a frame (ERROR 100). */
export type FrameFault = 'TruncatedHeader' | 'BadMagic' | 'TruncatedFrame' | 'UnsupportedFlags' | 'FrameTooLarge';

/** Why a payload is not a message (ERROR 101). The first nine names are those of wire.md 14. */
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

/** Invalid CLASP bytes. Decoders throw only this error. */
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

/** A message that cannot be encoded, because a field exceeds its range. Encoders throw only this error. */
export class EncodeError extends ClaspError {
  override readonly name = 'EncodeError';
  readonly fault: 'PayloadTooLarge' | 'NotEncodable';

  constructor(fault: 'PayloadTooLarge' | 'NotEncodable', message: string) {
    super(ErrorCode.InvalidValue, message, { hasCalls: true }); // the program that encodes is at fault, not a peer
    this.fault = fault;
  }
}

/**
 * Stops V8 from collecting the calls of the next error. A program can freeze `Error`, and other engines do not have the
 * limit; then the calls are collected.
 *
 * @returns the limit to restore, if it was changed
 */
function withoutCalls(): number | undefined {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  if (limit?.writable !== true || typeof limit.value !== 'number') return undefined;
  Error.stackTraceLimit = 0;
  return limit.value;
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
