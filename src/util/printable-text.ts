/**
 * Characters that a terminal interprets, or that break a line: C0, DEL and C1 controls (Cc), format characters
 * including bidi overrides (Cf), line and paragraph separators (Zl, Zp).
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** The same without `g`, with which `test` would keep state. */
const hasUnprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Maximum characters of a peer's text in a log line. */
export const PEER_TEXT_CHARACTERS = 100;
/** Maximum characters of a sentence of the router or client that can quote a peer. */
export const SENTENCE_CHARACTERS = 200;

/**
 * Escapes unprintable characters as `\u001b`, so that the text neither moves the cursor nor breaks a line. JSON text
 * keeps its meaning. Idempotent.
 */
export function printable(text: string): string {
  if (!hasUnprintable.test(text)) return text;
  return text.replace(unprintable, (found) =>
    // Characters beyond U+FFFF are two units, as in JSON.
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/**
 * Prepares text from the network for a log line or terminal: printable, and at most `maxCharacters` UTF-16 units, the
 * last of which is `…` if it was truncated. The cost does not depend on the length of the text.
 */
export function peerText(text: string, maxCharacters = PEER_TEXT_CHARACTERS): string {
  const escaped = printable(text.slice(0, maxCharacters + 1));
  if (escaped.length <= maxCharacters) return escaped;
  // Half of a surrogate pair is not a character.
  return `${escaped.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Prepares an error for the log: returns the same error, or, if its texts are not printable, a copy with the same
 * class, code and stack. Line breaks of the stack stay; those within its message are escaped.
 */
export function printableError(error: Error): Error {
  const { message, stack = '', cause } = error;
  const isPlain = !hasUnprintable.test(message) && !hasUnprintable.test(stack.replaceAll('\n', ''));
  const shownCause = cause instanceof Error ? printableError(cause) : cause;
  if (isPlain && shownCause === cause) return error;
  const lines = stack.replace(message, () => printable(message)).split('\n');
  const escaped: Error = Object.create(error) as Error; // an object that inherits the members of an Error
  Object.defineProperties(escaped, {
    message: { value: printable(message) },
    stack: { value: lines.map(printable).join('\n') },
    ...(cause !== undefined && { cause: { value: shownCause } }),
  });
  return escaped;
}
