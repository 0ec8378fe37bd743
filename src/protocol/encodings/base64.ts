/** Base64 with the standard alphabet and padding (RFC 4648, 4). Browsers have no `Buffer`. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const sixBits: ReadonlyMap<string, number> = new Map(Array.from(alphabet, (digit, bits) => [digit, bits]));

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const left = bytes.length - at;
    text += alphabet[bits >> 18]! + alphabet[(bits >> 12) & 0x3f]!;
    text += left > 1 ? alphabet[(bits >> 6) & 0x3f]! : '=';
    text += left > 2 ? alphabet[bits & 0x3f]! : '=';
  }
  return text;
}

/**
 * Returns the bytes, or undefined if the string is not exactly what {@link toBase64} writes. Other characters, missing
 * or misplaced padding, and bits set after the last byte are invalid.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const digit = sixBits.get(text[i]!);
    if (digit === undefined) return undefined;
    bits = ((bits << 6) | digit) & 0xfff;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    bytes[at++] = bits >> pending;
  }
  return (bits & ((1 << pending) - 1)) === 0 ? bytes : undefined;
}
