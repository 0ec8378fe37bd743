import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressTable } from '../../../src/core/direct/address-table.js';
import { hashWords } from '../../../src/protocol/bytes/words.js';

const utf8 = new TextEncoder();

/** An address with its length before it, as in a frame, behind some other bytes. */
function inFrame(address: string): { readonly view: DataView; readonly start: number; readonly end: number } {
  const text = utf8.encode(address);
  const bytes = new Uint8Array(text.length + 6).fill(0xff);
  bytes.set([text.length >> 8, text.length & 0xff], 3);
  bytes.set(text, 5);
  return { view: new DataView(bytes.buffer), start: 3, end: bytes.length - 1 };
}

function find(table: AddressTable, address: string, tag: number): number {
  const { view, start, end } = inFrame(address);
  return table.find(view, start, end, tag);
}

function add(table: AddressTable, address: string, tag: number): number {
  const { view, start, end } = inFrame(address);
  return table.add(view, start, end, tag);
}

const key = fc.record({
  address: fc.oneof(
    fc.nat(400).map((n) => `/a/${n}`),
    fc.string({ maxLength: 1_000 }),
  ),
  tag: fc.constantFrom(0, 1, 2),
});

describe('the address table', () => {
  it('agrees with a map while addresses are added and removed, and reuses numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ key, isRemoved: fc.boolean() }), { maxLength: 300 }), (steps) => {
        const table = new AddressTable();
        const numbers = new Map<string, number>();
        for (const {
          key: { address, tag },
          isRemoved,
        } of steps) {
          const name = `${tag} ${address}`;
          const known = numbers.get(name);
          expect(find(table, address, tag)).toBe(known ?? -1);
          if (known === undefined) {
            const number = add(table, address, tag);
            expect([...numbers.values()]).not.toContain(number);
            numbers.set(name, number);
          } else if (isRemoved) {
            table.remove(known);
            numbers.delete(name);
          }
          expect(table.size).toBe(numbers.size);
          expect(table.end).toBeLessThanOrEqual(steps.length);
        }
        for (const [name, number] of numbers) {
          const space = name.indexOf(' ');
          expect(find(table, name.slice(space + 1), Number(name.slice(0, space)))).toBe(number);
        }
      }),
    );
  });

  it('finds 20,000 addresses after it has grown, and none that was removed', () => {
    const table = new AddressTable();
    const numbers = Array.from({ length: 20_000 }, (_, i) => add(table, `/lights/${i}/dim`, 0));
    for (let i = 0; i < 20_000; i += 2) table.remove(numbers[i]!);
    for (let i = 0; i < 20_000; i++) expect(find(table, `/lights/${i}/dim`, 0)).toBe(i % 2 === 0 ? -1 : numbers[i]);
    for (let i = 0; i < 10_000; i++) add(table, `/other/${i}`, 0);
    expect(table.end).toBe(20_000);
  });

  it('moves at most 24 slots and entries per operation, while it grows and while it is made smaller', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const table = new AddressTable();
        const numbers = new Map<string, number>();
        let random = seed;
        const below = (limit: number): number => {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
          return Math.floor((random / 2 ** 32) * limit);
        };
        const moves: number[] = [];
        const counted = (act: () => void): void => {
          const { steps } = table;
          act();
          moves.push(table.steps - steps);
        };
        for (let i = 0; i < 16_000; i++) {
          const phase = i >> 11; // addresses of each phase have another length, so they use no released memory
          const address = `/${below(4_000)}/`.padEnd(100 + phase * 110, 'x');
          const known = numbers.get(address);
          counted(() => expect(find(table, address, 1)).toBe(known ?? -1));
          if (known === undefined) counted(() => numbers.set(address, add(table, address, 1)));
          const [oldest] = numbers;
          if (oldest === undefined || numbers.size < 1_800) continue;
          counted(() => table.remove(oldest[1]));
          numbers.delete(oldest[0]);
        }
        expect(Math.max(...moves)).toBeLessThanOrEqual(24);
        expect(moves.filter((count) => count > 0).length).toBeGreaterThan(1_500); // the growth takes 256
        for (const [address, number] of numbers) expect(find(table, address, 1)).toBe(number);
        expect(table.addressBytes).toBeLessThan(6_000_000); // 1,800 of 880 bytes, as much again, and 1 MiB each
      }),
      { numRuns: 3 },
    );
  });

  it('moves slots by look-ups alone until its growth ends', () => {
    const table = new AddressTable();
    for (let i = 0; i <= 1_024; i++) add(table, `/a/${i}`, 0);
    const { steps } = table;
    for (let i = 0; i < 1_000; i++) find(table, '/none', 0);
    expect(table.steps - steps).toBe(2_048);
    expect(Array.from({ length: 1_025 }, (_, i) => find(table, `/a/${i}`, 0))).not.toContain(-1);
  });

  it('releases the memory of removed addresses to those of all other lengths', () => {
    const table = new AddressTable();
    let kept = '';
    for (let length = 64; length <= 1_024; length += 64) {
      const numbers = Array.from({ length: 2_000 }, (_, i) => add(table, `/${i}/`.padEnd(length, 'x'), 0));
      if (length === 512) kept = '/7/'.padEnd(length, 'x');
      for (const [i, number] of numbers.entries()) if (length !== 512 || i !== 7) table.remove(number);
    }
    expect(table.size).toBe(1);
    expect(find(table, kept, 0)).toBeGreaterThanOrEqual(0);
    expect(table.addressBytes).toBeLessThan(5_000_000); // 2,000 of 1,024 bytes, as much again, and a page
  });

  it('adds at most 64 addresses with equal hashes, and still finds and removes each of them', () => {
    const table = new AddressTable();
    const numbers = Array.from({ length: 2_000 }, (_, n) => table.add(...colliding(n), 0));
    const added = numbers.filter((number) => number >= 0);
    expect(added).toHaveLength(64);
    expect(table.size).toBe(64);
    const find = (n: number): number => table.find(...colliding(n), 0);
    expect(numbers.map((_, n) => find(n))).toEqual(numbers);
    for (const number of added) table.remove(number);
    expect(table.size).toBe(0);
    expect(table.add(...colliding(1_999), 0)).toBeGreaterThanOrEqual(0);
  });

  it('does not give a peer the slots of its addresses: tables differ in them', () => {
    // 65 addresses whose hashes with seed 0 are equal in the bits that select one of the first 2,048 slots.
    const addresses: string[] = [];
    for (let i = 0; addresses.length < 65; i++) {
      const address = `/flood/${i}`;
      const { view, start, end } = inFrame(address);
      if ((hashWords(view, start, end) & 2_047) === 7) addresses.push(address);
    }
    const addTo = (table: AddressTable): number => addresses.filter((address) => add(table, address, 0) >= 0).length;
    expect(addTo(new AddressTable(0))).toBe(64);
    expect(addTo(new AddressTable(1))).toBe(65);
    expect(addTo(new AddressTable())).toBe(65);
  });
});

/**
 * Returns one of thousands of addresses whose hashes are equal with any seed: a change of the top bit of one word and
 * of the bit to which it is rotated in the next leaves the hash as it is. The first words contain the length.
 */
function colliding(n: number): [view: DataView, start: number, end: number] {
  const bytes = new Uint8Array(2 + 16 * 8);
  bytes[1] = bytes.length - 2;
  const view = new DataView(bytes.buffer);
  for (let bit = 1; bit < 16; bit++) {
    if (((n >> (bit - 1)) & 1) === 0) continue;
    view.setInt32(8 * bit, view.getInt32(8 * bit, true) ^ 0x8000_0000, true);
    view.setInt32(8 * bit + 4, view.getInt32(8 * bit + 4, true) ^ 0x4000, true);
  }
  return [view, 0, bytes.length];
}
