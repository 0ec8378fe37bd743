// @ts-check

/** Size of an f64, the usual value. */
export const NUMBER_BYTES = 8;

/**
 * Returns the value of a message for protocols with plain bytes, with the size of the CLASP value.
 *
 * @param {import('../cases.mjs').Load} load
 * @param {number} number
 */
export function payloadOf({ valueBytes = NUMBER_BYTES }, number) {
  const payload = Buffer.alloc(valueBytes, 0x2e);
  payload.writeDoubleBE(number);
  return payload;
}
