/** What the system calls a fault: `ENOENT`. An error of the file system need not be an instance of this realm's `Error`. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
}
