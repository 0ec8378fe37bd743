import { ClientError } from '../../client/client-error.js';
import { ClaspError, DecodeError, EncodeError, ErrorCode, errorName } from '../../protocol/errors.js';
import { UsageError } from '../settings.js';

/** What a script is told. */
export const ExitCode = {
  Done: 0,
  /** A mistake of the user's. */
  Mistake: 1,
  /** The router has said ERROR. */
  Refused: 2,
  /** There is none, it has gone, or it has not answered in time. */
  NoRouter: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface Failure {
  readonly exitCode: ExitCode;
  readonly sentence: string;
}

/** What to say of what a command has thrown; undefined where that is a fault of ours. */
export function failureOf(error: unknown): Failure | undefined {
  // A value that fits no frame has never been sent.
  if (error instanceof UsageError || error instanceof EncodeError) {
    return { exitCode: ExitCode.Mistake, sentence: error.message };
  }
  if (error instanceof DecodeError) {
    return { exitCode: ExitCode.NoRouter, sentence: `what answers there is no CLASP router: ${error.message}` };
  }
  if (error instanceof ClaspError) {
    // So a router says goodbye where there is no connection that could be closed.
    const isGoodbye = error.code === ErrorCode.ServiceUnavailable && error.address === undefined;
    return { exitCode: isGoodbye ? ExitCode.NoRouter : ExitCode.Refused, sentence: refusal(error) };
  }
  if (!(error instanceof ClientError)) return undefined;
  // Where the router has said why it hangs up, that is what counts.
  const { cause } = error;
  if (cause instanceof ClaspError || (error.kind === 'closed' && cause instanceof ClientError)) return failureOf(cause);
  return { exitCode: ExitCode.NoRouter, sentence: error.message };
}

/** What the router has said, with the code, which docs/errors.md explains. */
export function refusal({ code, message, address }: ClaspError): string {
  const about = address === undefined || message.includes(address) ? '' : ` (${address})`;
  return `ERROR ${code} ${errorName(code) ?? ''}: ${message}${about}`;
}
