// @ts-check
// node bench/state/store-format.mjs, after a build
//
// The file format of the store alone: 100,000 params into the blocks of a flush, 100,000 entries into those of a
// journal, and both back. Prints CPU nanoseconds per param or entry, CRC included: median and best of 25 rounds.
import { elementAt } from '../element-at.mjs';
import { median } from '../summary.mjs';

/** @param {string} path below dist/ */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const [{ BlockWriter }, { scanBlocks }, { decodeRecords }, { encodeValue }, { Param }] = await Promise.all([
  built('journal/format/block-writer.js'),
  built('journal/format/block-reader.js'),
  built('journal/format/decode-records.js'),
  built('protocol/values/encoded-value.js'),
  built('core/params/param.js'),
]);

const COUNT = 100_000;
const ADDRESSES = 100;
const WARM_UP = 5;
const ROUNDS = 25;
const SALT = 12_345;
const TIME = 1_767_225_600_000_000;
const LAST = 1;

const params = Array.from({ length: COUNT }, (_, i) => {
  const param = new Param(`/show/lights/${i % ADDRESSES}/dim/${i}`, i, 0);
  param.write(encodeValue(i / 7), '3f2b8c1e-9d4a-4e6f-8a7b-1c2d3e4f5a6b', TIME + i);
  return param;
});

function flush() {
  return written((writer, i) => {
    const { address, value, revision, writer: session, timestamp } = elementAt(params, i).entry(0);
    writer.set(writer.newName(address), writer.writerName(session), value, revision, timestamp);
  });
}

function journal() {
  return written((writer, i) => {
    const { address, value, revision, writer: session, writtenAt } = elementAt(params, i % ADDRESSES);
    writer.set(writer.name(address), writer.writerName(session), value, revision, writtenAt);
  });
}

/** @param {(writer: any, index: number) => void} writeEntry */
function written(writeEntry) {
  const writer = new BlockWriter(SALT);
  const parts = [new Uint8Array(32)];
  writer.begin(1, TIME);
  for (let i = 0; i < COUNT; i++) {
    if (writer.isFull) {
      parts.push(writer.finish(0));
      writer.begin(1, TIME);
    }
    writeEntry(writer, i);
  }
  parts.push(writer.finish(LAST));
  return parts;
}

/**
 * @param {Uint8Array} file
 * @param {(address: string) => boolean} [selects]
 */
function read(file, selects) {
  let records = 0;
  for (const item of scanBlocks(file, { salt: SALT, blocksAt: 32 })) {
    if (item.type !== 'block') throw new Error('the file is damaged');
    records += decodeRecords(item, selects).records.length;
  }
  return records;
}

/** @type {Map<string, number[]>} */
const figures = new Map();

/**
 * @template T
 * @param {string} name
 * @param {() => T} operation
 */
function measured(name, operation) {
  const before = process.cpuUsage();
  const result = operation();
  const { user, system } = process.cpuUsage(before);
  figures.set(name, [...(figures.get(name) ?? []), ((user + system) * 1_000) / COUNT]);
  return result;
}

for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  if (round === WARM_UP) figures.clear();
  const flushed = Buffer.concat(measured('write a flush of 100,000 params', flush));
  const logged = Buffer.concat(measured('write a journal of 100 addresses', journal));
  const one = elementAt(params, 3).address;
  const found = [
    measured('read a flush', () => read(flushed)),
    measured('read a journal', () => read(logged)),
    measured('select 1 of 100 addresses of a journal', () => read(logged, (address) => address === one)),
    measured('select 1 of 100,000 addresses of a flush', () => read(flushed, (address) => address === one)),
  ];
  if (found.join() !== [COUNT, COUNT, COUNT / ADDRESSES, 1].join()) throw new Error(`read ${found.join()} records`);
}
for (const [name, rounds] of figures) {
  console.log(`${name.padEnd(42)} median ${median(rounds)?.toFixed(0)} ns, best ${Math.min(...rounds).toFixed(0)} ns`);
}
