/**
 * What a terminal acts on instead of showing it, or what tears a line apart: C0, DEL and C1 controls (Cc), format characters with the bidi
 * overrides (Cf), line and paragraph separators (Zl, Zp).
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** The same without `g`, which makes `test` remember where it was. */
const hasUnprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Characters of a text of a peer in a log line. */
export const PEER_TEXT_CHARACTERS = 100;
/** The same for a sentence of the router or client that can quote a peer. */
export const SENTENCE_CHARACTERS = 200;

/**
 * Returns a text in which nothing moves the cursor or begins a line: what is not printable becomes `\u001b`. In a text of JSON it means the
 * same as before. Applied again, it changes nothing.
 */
export function printable(text: string): string {
  if (!hasUnprintable.test(text)) return text;
  return text.replace(unprintable, (found) =>
    // Characters beyond U+FFFF are two units, as in JSON.
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/**
 * Returns a text from the network as a log line or terminal may show it: printable, and at most `maxCharacters` UTF-16 units, the last of
 * which is `…` if something was cut. Costs no more for a long text than for a short one.
 */
export function peerText(text: string, maxCharacters = PEER_TEXT_CHARACTERS): string {
  const shown = printable(text.slice(0, maxCharacters + 1));
  if (shown.length <= maxCharacters) return shown;
  // Half of a surrogate pair is no character.
  return `${shown.slice(0, maxCharacters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Returns an error as it may be logged: the same one, or if its texts are not printable, one with the same class, code and place. Line breaks
 * of its stack stay; those that its message brings do not.
 */
export function printableError(error: Error): Error {
  const { message, stack = '', cause } = error;
  const isPlain = !hasUnprintable.test(message) && !hasUnprintable.test(stack.replaceAll('\n', ''));
  const shownCause = cause instanceof Error ? printableError(cause) : cause;
  if (isPlain && shownCause === cause) return error;
  const lines = stack.replace(message, () => printable(message)).split('\n');
  const shown: Error = Object.create(error) as Error; // an object with the members of an Error, by its prototype
  Object.defineProperties(shown, {
    message: { value: printable(message) },
    stack: { value: lines.map(printable).join('\n') },
    ...(cause !== undefined && { cause: { value: shownCause } }),
  });
  return shown;
}
