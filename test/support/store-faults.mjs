// @ts-check
// Plain JavaScript, because the script of the long run uses it without a compiler.
import { isDeepStrictEqual } from 'node:util';
import { Random } from './mutate.mjs';

/**
 * The functions under test: of `src`, or of a build.
 *
 * @typedef {object} Format
 * @property {typeof import('../../src/journal/format/file-header.js').decodeFileHeader} decodeFileHeader
 * @property {typeof import('../../src/journal/format/block-reader.js').scanBlocks} scanBlocks
 * @property {typeof import('../../src/journal/format/decode-records.js').decodeRecords} decodeRecords
 */

/** @typedef {import('../../src/journal/format/block-reader.js').StoredBlock} StoredBlock */
/** @typedef {import('../../src/journal/format/block-reader.js').BrokenRange} BrokenRange */

const HEADER_BYTES = 32;
const SECTOR_BYTES = 512;

/** Damages one file and checks what a reader makes of it. Each check returns a violation, or undefined. */
export class StoreFaults {
  #format;
  #name;
  #bytes;
  #blocks;

  /**
   * @param {Format} format
   * @param {string} name of the file
   * @param {Uint8Array} bytes of the whole file
   */
  constructor(format, name, bytes) {
    this.#format = format;
    this.#name = name;
    this.#bytes = Buffer.from(bytes);
    const { state, blocks, broken } = this.#read(this.#bytes);
    if (state !== 'whole' || broken.length > 0 || blocks.length === 0) throw new Error(`${name} is not whole`);
    this.#blocks = blocks;
  }

  get byteLength() {
    return this.#bytes.length;
  }

  /**
   * Ends the file at `length`: exactly the blocks before are found, and a tear if the last one is incomplete.
   *
   * @param {number} length
   */
  truncated(length) {
    const { state, blocks, broken } = this.#read(this.#bytes.subarray(0, length));
    const whole = this.#blocks.filter(({ end }) => end <= length);
    const headerEnd = this.#blocks[0]?.start ?? HEADER_BYTES;
    const wholeEnd = length < headerEnd ? 0 : (whole.at(-1)?.end ?? headerEnd);
    const tear = wholeEnd === length && length > 0 ? [] : [{ type: 'torn', start: wholeEnd, end: length }];
    if (state !== (length < HEADER_BYTES ? 'torn' : 'whole')) return `header ${state} at length ${length}`;
    if (!isDeepStrictEqual(blocks, whole)) return `other blocks at length ${length}`;
    return isDeepStrictEqual(broken, tear) ? undefined : `other tear at length ${length}: ${JSON.stringify(broken)}`;
  }

  /**
   * Flips one bit: at most the block with the bit is lost, and the damage is reported with its range.
   *
   * @param {number} bit 0..8 × length - 1
   */
  flipped(bit) {
    const damaged = Buffer.from(this.#bytes);
    const at = bit >>> 3;
    damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (bit & 7)), at);
    const { state, blocks, broken } = this.#read(damaged);
    const hit = this.#blocks.find(({ start, end }) => start <= at && at < end);
    if (state !== (at < HEADER_BYTES ? 'damaged' : 'whole')) return `header ${state} after a flip of bit ${bit}`;
    const left = this.#blocks.filter((block) => block !== hit);
    if (!isDeepStrictEqual(blocks, left)) return `other blocks after a flip of bit ${bit}`;
    if (hit === undefined) return undefined;
    const type = hit === this.#blocks.at(-1) ? 'torn' : 'damaged';
    const expected = [{ type, start: hit.start, end: hit.end }];
    return isDeepStrictEqual(broken, expected)
      ? undefined
      : `flip of bit ${bit} is reported as ${JSON.stringify(broken)}`;
  }

  /**
   * Overwrites parts of the file, or moves them: only blocks of the file are found, and a changed file is not read as a
   * whole one.
   *
   * @param {number} seed
   */
  mutated(seed) {
    const random = new Random(seed);
    const { bytes, isInPlace } = mutation(this.#bytes, random);
    const { state, blocks, broken } = this.#read(bytes);
    const foreign = blocks.find((block) => !this.#blocks.some((ours) => sameContent(ours, block)));
    if (foreign !== undefined) return `a block that was never written, after mutation ${seed}`;
    const noticed = state !== 'whole' || broken.length > 0;
    return noticed || !isInPlace || !this.#differs(bytes) ? undefined : `mutation ${seed} is unnoticed`;
  }

  /**
   * Reads random bytes, in half of the cases behind the start of the file.
   *
   * @param {number} seed
   */
  noise(seed) {
    const random = new Random(seed);
    const start = this.#bytes.subarray(0, random.below(2) * random.below(this.#bytes.length));
    const { blocks } = this.#read(Buffer.concat([start, random.bytes(random.below(600))]));
    const foreign = blocks.find((block) => !this.#blocks.some((ours) => sameContent(ours, block)));
    return foreign === undefined ? undefined : `a block in noise ${seed}`;
  }

  /**
   * Whether known bytes differ. A longer header of a later minor format has bytes that this format does not know.
   *
   * @param {Buffer} bytes
   */
  #differs(bytes) {
    const from = this.#blocks[0]?.start ?? HEADER_BYTES;
    const [ours, theirs] = [this.#bytes, bytes];
    return !(
      ours.subarray(0, HEADER_BYTES).equals(theirs.subarray(0, HEADER_BYTES)) &&
      ours.subarray(from).equals(theirs.subarray(from))
    );
  }

  /** @param {Uint8Array} bytes */
  #read(bytes) {
    const header = this.#format.decodeFileHeader(bytes.subarray(0, HEADER_BYTES), this.#name);
    if (header === undefined) throw new Error(`${this.#name} has no facts in its name`);
    /** @type {StoredBlock[]} */
    const blocks = [];
    /** @type {BrokenRange[]} */
    const broken = [];
    for (const item of this.#format.scanBlocks(bytes, header)) {
      if (item.type !== 'block') {
        broken.push(item);
        continue;
      }
      const { fault } = this.#format.decodeRecords(item);
      if (fault !== undefined) throw new Error(`a whole block is malformed: ${fault}`);
      blocks.push({ ...item, payload: Buffer.from(item.payload) });
    }
    return { state: header.state, blocks, broken };
  }
}

/** @param {StoredBlock} one @param {StoredBlock} other */
function sameContent(one, other) {
  return isDeepStrictEqual({ ...one, start: 0, end: 0 }, { ...other, start: 0, end: 0 });
}

/**
 * @param {Buffer} whole
 * @param {Random} random
 * @returns {{ bytes: Buffer, isInPlace: boolean }}
 */
function mutation(whole, random) {
  const bytes = Buffer.from(whole);
  const from = random.below(bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.below(200));
  const sector = from - (from % SECTOR_BYTES);
  switch (random.below(6)) {
    case 0: // lost sectors of a power cut
      return { bytes: bytes.fill(0, sector, Math.min(bytes.length, sector + SECTOR_BYTES)), isInPlace: true };
    case 1: // overwritten
      bytes.set(random.bytes(to - from), from);
      return { bytes, isInPlace: true };
    case 2: // several flips
      for (let flips = 2 + random.below(5); flips > 0; flips--) {
        const at = random.below(bytes.length);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at);
      }
      return { bytes, isInPlace: true };
    case 3: // removed
      return { bytes: Buffer.concat([whole.subarray(0, from), whole.subarray(to)]), isInPlace: false };
    case 4: // repeated
      return { bytes: Buffer.concat([whole.subarray(0, to), whole.subarray(from)]), isInPlace: false };
    default: // inserted
      return {
        bytes: Buffer.concat([whole.subarray(0, from), random.bytes(to - from), whole.subarray(from)]),
        isInPlace: false,
      };
  }
}
