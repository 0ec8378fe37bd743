import { type BlockHeader, blockLengthAt, isPayloadWhole, readBlockHeader } from './block-header.js';
import type { DecodedFileHeader } from './file-header.js';
import { BLOCK_HEADER_BYTES } from './layout.js';

/** A whole block: both CRCs match. */
export interface StoredBlock extends BlockHeader {
  readonly type: 'block';
  /** Offset of the block in the file. */
  readonly start: number;
  readonly end: number;
  /** View of the scanned bytes, or in memory of its own. */
  readonly payload: Uint8Array;
}

/** Bytes of a file that are not a whole block. */
export interface BrokenRange {
  /**
   * `damaged`: in the middle; whole blocks follow. `torn`: at the end of the file, as a crash leaves it. It starts at 0
   * if the file ends within its header.
   */
  readonly type: 'damaged' | 'torn';
  readonly start: number;
  readonly end: number;
}

export type ScanItem = StoredBlock | BrokenRange;

/**
 * Finds the blocks of a file, of which it receives the bytes from offset 0 in pieces of any size. Behind damage it
 * searches for the next whole header. Never throws on any bytes. Keeps at most one block, 1 MiB, and one piece.
 */
export class BlockScanner {
  readonly #salt: number;
  readonly #blocksAt: number;
  /** Bytes not scanned yet: of an incomplete header or block. */
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  /** Offset of the first held byte in the file. */
  #at = 0;
  /** Bytes that the next step needs. */
  #needed: number;
  #brokenFrom: number | undefined;

  constructor({ salt, blocksAt }: Pick<DecodedFileHeader, 'salt' | 'blocksAt'>) {
    this.#salt = salt;
    this.#blocksAt = blocksAt;
    this.#needed = blocksAt + BLOCK_HEADER_BYTES;
  }

  /** Returns what is complete with these bytes. They must not change while a block of them is in use. */
  push(bytes: Uint8Array): readonly ScanItem[] {
    this.#pieces.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes < this.#needed ? [] : this.#scan(joined(this.#pieces, this.#heldBytes));
  }

  /** Returns what remains at the end of the file: a torn range, or nothing. */
  end(): readonly ScanItem[] {
    const end = this.#at + this.#heldBytes;
    if (end < this.#blocksAt) return [{ type: 'torn', start: 0, end }];
    const start = this.#brokenFrom ?? Math.max(this.#at, this.#blocksAt);
    return start < end ? [{ type: 'torn', start, end }] : [];
  }

  #scan(bytes: Uint8Array): readonly ScanItem[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const items: ScanItem[] = [];
    const base = this.#at;
    let at = Math.max(this.#blocksAt - base, 0);
    this.#needed = BLOCK_HEADER_BYTES;
    while (at + BLOCK_HEADER_BYTES <= bytes.length) {
      const length = blockLengthAt(view, bytes, at, this.#salt);
      if (length === undefined) {
        this.#brokenFrom ??= base + at;
        at = nextCandidate(bytes, at + 1);
        continue;
      }
      const end = at + BLOCK_HEADER_BYTES + length;
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      const payload = bytes.subarray(at + BLOCK_HEADER_BYTES, end);
      if (isPayloadWhole(view, at, payload, this.#salt)) {
        if (this.#brokenFrom !== undefined) {
          items.push({ type: 'damaged', start: this.#brokenFrom, end: base + at });
          this.#brokenFrom = undefined;
        }
        items.push({ type: 'block', ...readBlockHeader(view, at), start: base + at, end: base + end, payload });
      } else {
        this.#brokenFrom ??= base + at; // the header is whole, so the next block begins behind this one
      }
      at = end;
    }
    this.#keep(bytes.subarray(at), base + at);
    return items;
  }

  #keep(rest: Uint8Array, at: number): void {
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#heldBytes = rest.length;
    this.#at = at;
  }
}

/**
 * Yields the blocks and the broken ranges of a file in their order. Never throws on any bytes.
 *
 * @param file its bytes from offset 0: all of them, or pieces of any size
 */
export function* scanBlocks(
  file: Uint8Array | Iterable<Uint8Array>,
  header: Pick<DecodedFileHeader, 'salt' | 'blocksAt'>,
): Generator<ScanItem, void, undefined> {
  const scanner = new BlockScanner(header);
  for (const piece of file instanceof Uint8Array ? [file] : file) yield* scanner.push(piece);
  yield* scanner.end();
}

/** Returns the next offset where a block can begin: at its first letter, or where its first letters can still be cut off. */
function nextCandidate(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LETTER_C, from); at >= 0; at = bytes.indexOf(LETTER_C, at + 1)) {
    if (at + 4 > bytes.length || (bytes[at + 1] === 0x4c && bytes[at + 2] === 0x42 && bytes[at + 3] === 0x31))
      return at;
  }
  return bytes.length;
}

const LETTER_C = 0x43;

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
