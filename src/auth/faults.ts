/**
 * Returns the system's code of an error, such as `ENOENT`. A file system error can be from another realm, so
 * `instanceof Error` does not apply.
 */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
