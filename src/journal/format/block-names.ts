import { isUtf8 } from '../../protocol/bytes/utf8.js';
import { MAX_BLOCK_NAMES, MAX_STORED_NAME_BYTES } from './layout.js';

/** Stops the decoding of a block. `decodeRecords` catches it. */
export class MalformedRecord extends Error {}

/** The names of a block, decoded at their first use. */
export class BlockNames {
  readonly #bytes: Buffer;
  readonly #selects: ((address: string) => boolean) | undefined;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #texts: (string | undefined)[] = [];
  readonly #selected: (boolean | undefined)[] = [];

  constructor(payload: Uint8Array, selects: ((address: string) => boolean) | undefined) {
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#selects = selects;
  }

  add(start: number, end: number): void {
    if (end - start > MAX_STORED_NAME_BYTES) throw new MalformedRecord(`a name has ${end - start} bytes`);
    if (this.#starts.length === MAX_BLOCK_NAMES) throw new MalformedRecord('the block has more than 65535 names');
    this.#starts.push(start);
    this.#ends.push(end);
    this.#texts.push(undefined);
    this.#selected.push(undefined);
  }

  text(number: number): string {
    const known = this.#texts[number];
    if (known !== undefined) return known;
    const start = this.#starts[number];
    const end = this.#ends[number];
    if (start === undefined || end === undefined) throw new MalformedRecord(`name ${number} is not in the block`);
    if (!isUtf8(this.#bytes, start, end)) throw new MalformedRecord(`name ${number} is not UTF-8`);
    return (this.#texts[number] = this.#bytes.toString('utf8', start, end));
  }

  /** Returns whether the records of this address are requested. */
  selects(number: number): boolean {
    return (this.#selected[number] ??= this.#selects?.(this.text(number)) ?? true);
  }
}
