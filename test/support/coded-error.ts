/** An error with a code: one of CLASP's numbers, or a name of the library's registry. */
export interface CodedError extends Error {
  readonly code: number | string;
}

/**
 * Returns the error that a call throws or rejects with.
 *
 * @throws Error if the call returns, or if its error has no code, such as a raw TypeError
 */
export async function codedError(call: () => unknown): Promise<CodedError> {
  let returned: unknown;
  try {
    returned = await call();
  } catch (error) {
    if (error instanceof Error && 'code' in error && isCode(error.code)) return error as CodedError; // checked here
    throw error;
  }
  throw new Error(`the call returned ${String(returned)}`);
}

function isCode(code: unknown): boolean {
  return typeof code === 'number' || (typeof code === 'string' && code.startsWith('CLASP_ERR_'));
}
