/**
 * From what a connection reads to what the router is told, in arrays all the way: an emission per frame would halve the
 * rate. `connection.batches$` → {@link limitRate} → {@link decodeFrames} → ({@link batchPerTick} over all connections).
 */
export { batchPerTick, type BatchPerTickOptions } from './batch-per-tick.js';
export { byteLengthOf, decodeFrames } from './decode-frames.js';
export { limitRate, type LimitRateOptions } from './limit-rate.js';
