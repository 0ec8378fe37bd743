// @ts-check

/**
 * Returns the byte at an index that the caller has compared with the end. V8 inlines the call; a check here would run
 * once more per message.
 *
 * @param {Uint8Array} bytes
 * @param {number} index 0..bytes.length-1
 */
export function byteAt(bytes, index) {
  return /** @type {number} */ (bytes[index]); // the caller keeps the index inside the array
}
