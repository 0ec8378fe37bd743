// @ts-check

/**
 * Returns the byte at an index that the caller has compared with the end of the bytes. V8 inlines the call; a check here
 * would run once more for each message.
 *
 * @param {Uint8Array} bytes
 * @param {number} index 0..bytes.length-1
 */
export function byteAt(bytes, index) {
  return /** @type {number} */ (bytes[index]); // the caller keeps the index inside the array
}
