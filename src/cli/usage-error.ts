/** A user error of the command. The message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'CLASP_ERR_USAGE';
}
