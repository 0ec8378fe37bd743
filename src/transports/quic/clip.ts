/** The most of a text that is sent or believed: the reason of a close travels in one packet. */
const MAX_TEXT_BYTES = 120;

/** The longest beginning of a text that fits, without half a character at its end. */
export function clip(text: string): string {
  const { read } = utf8.encodeInto(text, new Uint8Array(MAX_TEXT_BYTES));
  return text.slice(0, read);
}

const utf8 = new TextEncoder();
