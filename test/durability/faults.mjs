// @ts-check
// npm run durability-faults -- [--flips 200000] [--seed N]
//
// Damages the golden files of the store and one larger file: every length, bit flips, mutations, noise. A reader must
// return only blocks that were written, report all damage, lose at most one block to a flipped bit, and never throw.
// Prints the first violations with their seed, and exits with 1.
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random } from '../support/mutate.mjs';
import { StoreFaults } from '../support/store-faults.mjs';

const { values: options } = parseArgs({
  options: { flips: { type: 'string', default: '200000' }, seed: { type: 'string' } },
});
const flips = Number(options.flips);
const seed = options.seed === undefined ? Date.now() >>> 0 : Number(options.seed);
if (!Number.isInteger(flips) || flips < 1 || !Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
  console.error('usage: npm run durability-faults -- [--flips 200000] [--seed 0..4294967295]');
  process.exit(2);
}

/** @param {string} path below dist/ */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const [{ decodeFileHeader, encodeFileHeader }, { scanBlocks }, { decodeRecords }, { BlockWriter }, { encodeValue }] =
  await Promise.all([
    built('journal/format/file-header.js'),
    built('journal/format/block-reader.js'),
    built('journal/format/decode-records.js'),
    built('journal/format/block-writer.js'),
    built('protocol/values/encoded-value.js'),
  ]);

const folder = new URL('../golden/durability/', import.meta.url);
const golden = readdirSync(folder).filter((name) => /^0+(7|1|8|1000)\..*\.(tail|base|log|rec)$/.test(name));
/** @type {[string, Uint8Array][]} */
const files = golden.map((name) => [name, readFileSync(new URL(name, folder))]);
files.push(['00000001.00003039.tail', largerFile()]);
const faults = files.map(
  ([name, bytes]) => new StoreFaults({ decodeFileHeader, scanBlocks, decodeRecords }, name, bytes),
);
const random = new Random(seed);
let violations = 0;

console.log(
  `seed ${seed}, ${faults.length} files, ${faults.reduce((sum, { byteLength }) => sum + byteLength, 0)} bytes`,
);
const perFile = Math.ceil(flips / faults.length);
run(
  'lengths',
  (file) => file.byteLength + 1,
  (file, length) => file.truncated(length),
);
run(
  'single bit flips',
  () => perFile,
  (file) => file.flipped(random.below(8 * file.byteLength)),
);
run(
  'mutations',
  () => Math.ceil(perFile / 4),
  (file) => file.mutated(random.below(0xffff_ffff)),
);
run(
  'files of noise',
  () => Math.ceil(perFile / 4),
  (file) => file.noise(random.below(0xffff_ffff)),
);
if (violations > 0) process.exit(1);

/**
 * @param {string} what
 * @param {(file: StoreFaults) => number} timesOf
 * @param {(file: StoreFaults, index: number) => string | undefined} check
 */
function run(what, timesOf, check) {
  const before = violations;
  let cases = 0;
  for (const file of faults) {
    for (let times = timesOf(file), index = 0; index < times; index++, cases++) report(() => check(file, index));
  }
  console.log(`${cases} ${what}: ${violations - before} violations`);
}

/** @param {() => string | undefined} check */
function report(check) {
  let violation;
  try {
    violation = check();
  } catch (error) {
    violation = `exception: ${error instanceof Error ? error.stack : String(error)}`;
  }
  if (violation !== undefined && ++violations <= 10) console.error(violation);
}

/** 12 cuts of 3 blocks of 6 params. */
function largerFile() {
  const salt = 12_345;
  const writer = new BlockWriter(salt);
  const parts = [encodeFileHeader({ kind: 'tail', number: 1, salt })];
  for (let cut = 1; cut <= 12; cut++) {
    for (let part = 0; part < 3; part++) {
      writer.begin(cut, 1_767_225_600_000_000 + cut * 1_000_000);
      for (let i = 0; i < 6; i++) {
        const value = encodeValue(cut * 100 + part * 10 + i);
        writer.set(writer.name(`/group/${part}/${i}`), writer.name('session'), value, cut, 1_767_225_600_000_000);
      }
      parts.push(writer.finish(part === 2 ? 1 : 0));
    }
  }
  return Buffer.concat(parts);
}
