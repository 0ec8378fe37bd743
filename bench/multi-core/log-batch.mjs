// @ts-check
// Batches as a cluster would exchange them between a leader and its edges, on a stream: each begins with its length.
//   u32 length of the rest | u8 version 1 | u32 generation | u64 epoch | u64 batch | u64 batch before | u64 time µs
//   | u8 origins, none here | u32 count | count × (u8 kind, u8 origin, u32 session, u32 length, bytes)

export const LENGTH_BYTES = 4;
const HEAD_BYTES = LENGTH_BYTES + 1 + 4 + 8 + 8 + 8 + 8 + 1 + 4;
const RECORD_BYTES = 1 + 1 + 4 + 4;
/** Payload of a SET of an f64 with its revision: type, flags, address of 15 bytes, value, revision. */
const SET_BYTES = 1 + 1 + 2 + 15 + 8 + 8;

const set = Buffer.alloc(SET_BYTES, 0x61);

/** Returns a new batch of SETs. @param {number} count */
export function logBatch(count) {
  const batch = Buffer.allocUnsafe(HEAD_BYTES + count * (RECORD_BYTES + SET_BYTES));
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  batch.fill(0, 0, HEAD_BYTES);
  view.setUint32(0, batch.length - LENGTH_BYTES);
  view.setUint8(LENGTH_BYTES, 1);
  view.setUint32(HEAD_BYTES - 4, count);
  let at = HEAD_BYTES;
  for (let i = 0; i < count; i++) {
    view.setUint16(at, 0); // kind and origin
    view.setUint32(at + 2, i); // session
    view.setUint32(at + 6, SET_BYTES);
    batch.set(set, at + RECORD_BYTES);
    at += RECORD_BYTES + SET_BYTES;
  }
  return batch;
}

/** Walks the records of one whole batch and returns their number. @param {Buffer} batch */
export function walkBatch(batch) {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const count = view.getUint32(HEAD_BYTES - 4);
  let at = HEAD_BYTES;
  for (let i = 0; i < count; i++) at += RECORD_BYTES + view.getUint32(at + 6);
  if (at !== batch.length) throw new Error(`a batch of ${batch.length} bytes whose records end at ${at}`);
  return count;
}

/** Cuts a stream into batches. */
export class Deframer {
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);

  /**
   * @param {Buffer} chunk
   * @returns {Buffer[]} the batches that are now whole
   */
  push(chunk) {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const batches = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      batches.push(bytes.subarray(at, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return batches;
  }
}
