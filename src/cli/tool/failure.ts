import { ClientError } from '../../client/client-error.js';
import { ClaspError, DecodeError, EncodeError, ErrorCode, errorName } from '../../protocol/errors.js';
import { UsageError } from '../usage-error.js';

/** The exit codes of the tool. */
export const ExitCode = {
  Done: 0,
  /** A user error. */
  Mistake: 1,
  /** The router has sent ERROR. */
  Refused: 2,
  /** No router, connection lost, or no answer in time. */
  NoRouter: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface Failure {
  readonly exitCode: ExitCode;
  readonly sentence: string;
}

/** Returns the exit code and the sentence for an error; undefined for an internal error. */
export function failureOf(error: unknown): Failure | undefined {
  // A value that fits no frame was not sent.
  if (error instanceof UsageError || error instanceof EncodeError) {
    return { exitCode: ExitCode.Mistake, sentence: error.message };
  }
  if (error instanceof DecodeError) {
    return { exitCode: ExitCode.NoRouter, sentence: `the peer is not a CLASP router: ${error.message}` };
  }
  if (error instanceof ClaspError) {
    // Over UDP, which has no connection to close, a stopping router sends this ERROR.
    const isGoodbye = error.code === ErrorCode.ServiceUnavailable && error.address === undefined;
    return { exitCode: isGoodbye ? ExitCode.NoRouter : ExitCode.Refused, sentence: refusal(error) };
  }
  if (!(error instanceof ClientError)) return undefined;
  // The reason that the router sent before its close has precedence.
  const { cause } = error;
  if (cause instanceof ClaspError || (error.kind === 'closed' && cause instanceof ClientError)) return failureOf(cause);
  return { exitCode: ExitCode.NoRouter, sentence: error.message };
}

/** Returns the text of an ERROR with its code, which docs/reference/errors.md explains. */
export function refusal({ code, message, address }: ClaspError): string {
  const about = address === undefined || message.includes(address) ? '' : ` (${address})`;
  return `ERROR ${code} ${errorName(code) ?? ''}: ${message}${about}`;
}
