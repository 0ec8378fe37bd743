/** The versions of V8 in which the flag was measured: that of Node.js 24. V8 prints a line for an unknown flag. */
const FLAGGED_MAJOR = '13';

/**
 * Returns the flags of V8 that a busy router needs, for a version of V8. V8 13 collects all garbage more often than
 * earlier ones while buffers come and go, as those of the reads and writes of a busy router do. With the flag, buffers
 * count in the same limit as objects.
 */
export function v8FlagsFor(version: string): readonly string[] {
  const [major] = version.split('.', 1);
  return major === FLAGGED_MAJOR ? ['--external-memory-accounted-in-global-limit'] : [];
}
