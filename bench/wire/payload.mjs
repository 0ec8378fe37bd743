// @ts-check

/** What an f64 takes: the usual value. */
export const NUMBER_BYTES = 8;

/**
 * The value of a message, for protocols that carry plain bytes: as many as the value of the CLASP message has.
 *
 * @param {import('../cases.mjs').Load} load
 * @param {number} number
 */
export function payloadOf({ valueBytes = NUMBER_BYTES }, number) {
  const payload = Buffer.alloc(valueBytes, 0x2e);
  payload.writeDoubleBE(number);
  return payload;
}
