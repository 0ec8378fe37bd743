/**
 * Pipeline from a connection to the router, in arrays throughout: one emission per frame would halve the rate.
 * `connection.batches$` → {@link limitRate} → {@link decodeFrames} → ({@link batchPerTick} over all connections).
 */
export { batchPerTick } from './batch-per-tick.js';
export { byteLengthOf, decodeFrames } from './decode-frames.js';
export { limitRate, type LimitRateOptions } from './limit-rate.js';
