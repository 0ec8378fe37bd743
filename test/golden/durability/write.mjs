// @ts-check
// node test/golden/durability/write.mjs, after a build
//
// Writes golden files of the store, each with its content as JSON. It never replaces a file: later versions must read
// the files of earlier ones. A new format gets new files, under other names.
import { readdirSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { plainRecord } from '../../support/plain-record.mjs';

/** @param {string} path below dist/ */
const built = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const [{ BlockWriter }, { encodeFileHeader }, { fileNameOf }, { encodeValue }] = await Promise.all([
  built('journal/format/block-writer.js'),
  built('journal/format/file-header.js'),
  built('journal/format/file-name.js'),
  built('protocol/values/encoded-value.js'),
]);

const LAST = 1;
const END = 2;
const TIME = 1_767_225_600_000_000;
const SECOND = 1_000_000;

const values = [
  null,
  true,
  false,
  0n,
  -(2n ** 63n),
  2n ** 63n - 1n,
  0.1,
  -0,
  NaN,
  -Infinity,
  '',
  'Bühne \u{1f4a1}',
  Uint8Array.of(0, 255, 1),
  [1n, 1, [null, 'x'], new Map([['', false]])],
  new Map(
    /** @type {[string, unknown][]} */ ([
      ['__proto__', 1n],
      ['b', [0.5]],
      ['a', 'CLB1'],
    ]),
  ),
];

/** @param {object} fields */
const set = (fields) => ({
  type: 'set',
  address: '/lights/3/dim',
  writer: '3f2b8c1e-9d4a-4e6f-8a7b-1c2d3e4f5a6b',
  value: encodeValue(0.5),
  revision: 7,
  timeMicros: TIME + 1,
  ttlSeconds: 0,
  isAbsolute: false,
  expiresAtMicros: undefined,
  ...fields,
});

/** @param {[string, unknown][]} entries */
const note = (...entries) => ({ type: 'note', content: new Map(entries) });

const start = note(['event', 'start'], ['version', '0.1.0'], ['patterns', ['/**']], ['clockMicros', BigInt(TIME)]);
const stop = note(['event', 'stop'], ['clean', true]);
const everyValue = values.map((value, i) =>
  set({ address: `/values/${i}`, value: encodeValue(value), revision: i + 1 }),
);
const expiring = [
  set({ address: '/ttl/sliding', ttlSeconds: 30, expiresAtMicros: TIME + 30 * SECOND }),
  set({ address: '/ttl/absolute', ttlSeconds: 4_294_967_295, isAbsolute: true, expiresAtMicros: TIME + 1 }),
  set({ address: '/ttl/never', ttlSeconds: 1 }),
  set({ address: '/time/earlier', timeMicros: 1, revision: 2n ** 64n - 1n }),
  set({ address: '/time/4294967295-later', timeMicros: TIME + 4_294_967_295, revision: 2 ** 53 - 1 }),
  set({ address: '/time/u64', timeMicros: 2n ** 64n - 1n, expiresAtMicros: 2n ** 64n - 1n, revision: 2n ** 53n }),
  set({ address: `/long/${'n'.repeat(1_018)}`, writer: '' }),
];
const gone = ['expired', 'evicted', 'removed'].map((reason, i) => ({
  type: 'gone',
  address: '/gone/é',
  revision: 10_000_000 + i,
  reason,
  timeMicros: TIME + i,
}));
const signals = [
  { address: '/lights/*/dim', type: 'param', datatype: 'f64', access: 'rw' },
  {
    address: '/cues/go',
    type: 'event',
    meta: { unit: '%', range: [-0, 100], default: encodeValue(5n), description: 'Starts the next cue' },
  },
].map((definition) => ({ type: 'signal', definition }));
const publishes = [
  { signal: 'event', value: encodeValue('go'), phase: 'start' },
  { signal: 'stream', samples: [0.25, -0, 1], timestamp: TIME, rate: 44_100, phase: 'start' },
  { signal: 'gesture', id: 4_294_967_295, phase: 'cancel', value: encodeValue(null), timestamp: 2n ** 64n - 1n },
  { signal: 'timeline', value: encodeValue(new Map([['keyframes', []]])), phase: 'start' },
  { signal: 'param', phase: 'end' },
].map((message, i) => ({
  type: 'publish',
  address: `/publish/${i}`,
  writer: i === 4 ? '' : 'desk',
  message: { type: 'publish', address: `/publish/${i}`, ...message },
  timeMicros: TIME + i,
}));
const gaps = ['diskFull', 'diskSlow', 'error'].map((reason, i) => ({
  type: 'gap',
  fromSeq: i === 2 ? 2n ** 64n - 1n : 1_000 + i,
  count: i + 1,
  reason,
}));

const files = [
  {
    header: { kind: 'tail', number: 7, salt: 0x04be77d1 },
    blocks: [
      { number: 1, flags: LAST, records: [start] },
      { number: 2, flags: 0, records: everyValue },
      { number: 2, flags: LAST, records: expiring },
      { number: 3, flags: LAST, records: [...gone, ...signals] },
      { number: 4, flags: LAST, records: [] },
      { number: 5, flags: LAST | END, records: [stop] },
    ],
  },
  {
    header: { kind: 'base', number: 7, salt: 0x9f3a21c4 },
    blocks: [
      { number: 0, flags: 0, records: [start, ...everyValue.slice(0, 9), ...expiring] },
      { number: 0, flags: LAST | END, records: [...everyValue.slice(9), ...signals, ...gone] },
    ],
  },
  {
    header: { kind: 'journal', number: 1_000, salt: 0x6d00a1f2 },
    blocks: [
      { number: 1_000, flags: LAST, records: [start, ...everyValue.slice(0, 3), ...publishes] },
      { number: 1_008, flags: LAST, records: [...gaps, ...publishes.slice(0, 2), set({})] },
    ],
  },
  {
    header: { kind: 'recording', number: 1, salt: 0x2b7e1516 },
    blocks: [{ number: 0, flags: LAST, records: [start, ...everyValue.slice(0, 2)] }],
  },
];

for (const { header, blocks } of files) {
  const bytes = Buffer.concat([encodeFileHeader(header), ...blocks.map((block) => blockBytes(header.salt, block))]);
  write(fileNameOf(header), bytes, {
    header,
    blocks: blocks.map((block) => ({ timeMicros: TIME, ...block, records: plainRecord(block.records) })),
  });
}

// As a later minor format can be: a longer header, and a record of a later kind between those of this one.
const later = { kind: 'tail', number: 8, salt: 0x00c0ffee };
const longHeader = Buffer.concat([encodeFileHeader(later), Buffer.from('later...')]);
longHeader.writeUInt16LE(40, 10);
longHeader.writeUInt32LE(1, 12);
longHeader.writeUInt32LE(crc32(longHeader.subarray(0, 28)), 28);
const [before, after] = [set({ address: '/before' }), set({ address: '/after' })];
const laterRecord = Buffer.from([0x80, 3, 0, 0, 0, 0x21, 0x21, 0x21]);
write(
  fileNameOf(later),
  Buffer.concat([
    longHeader,
    blockBytes(later.salt, { number: 1, flags: LAST, records: [before, after] }, laterRecord),
  ]),
  {
    header: later,
    blocks: [{ timeMicros: TIME, number: 1, flags: LAST, records: plainRecord([before, after]) }],
  },
);

// As a later major format can be: nothing but the first 32 bytes is known.
const newer = { kind: 'tail', number: 9, salt: 0x5eed5eed };
const newerHeader = Buffer.from(encodeFileHeader(newer));
newerHeader.writeUInt8(2, 8);
newerHeader.writeUInt32LE(crc32(newerHeader.subarray(0, 28)), 28);
write(fileNameOf(newer), Buffer.concat([newerHeader, Buffer.from('nothing that format 1 knows')]), undefined);

/**
 * @param {number} salt
 * @param {{ number: number, flags: number, records: readonly any[] }} block
 * @param {Buffer} [inserted] behind the first entry
 */
function blockBytes(salt, { number, flags, records }, inserted) {
  const writer = new BlockWriter(salt);
  writer.begin(number, TIME);
  let firstEnd = 0;
  for (const record of records) {
    writeRecord(writer, record);
    firstEnd ||= writer.byteLength;
  }
  const block = Buffer.from(writer.finish(flags));
  if (inserted === undefined) return block;
  const longer = Buffer.concat([block.subarray(0, firstEnd), inserted, block.subarray(firstEnd)]);
  longer.writeUInt32LE(longer.length - 40, 4);
  longer.writeUInt32LE(records.length + 1, 28);
  longer.writeUInt32LE(crc32(longer.subarray(40), salt), 32);
  longer.writeUInt32LE(crc32(longer.subarray(0, 36), salt), 36);
  return longer;
}

/** @param {any} writer @param {any} record */
function writeRecord(writer, record) {
  const { type, address, timeMicros, revision } = record;
  if (type === 'note') writer.note(record.content);
  else if (type === 'signal') writer.signal(record.definition);
  else if (type === 'gap') writer.gap(record.fromSeq, record.count, record.reason);
  else if (type === 'gone') writer.gone(writer.name(address), revision, record.reason, timeMicros);
  else if (type === 'publish')
    writer.publish(writer.name(address), writer.name(record.writer), record.message, timeMicros);
  else writer.set(writer.name(address), writer.name(record.writer), record.value, revision, timeMicros, record);
}

/** @param {string} name @param {Buffer} bytes @param {object | undefined} content */
function write(name, bytes, content) {
  const folder = new URL('.', import.meta.url);
  if (readdirSync(folder).includes(name)) {
    console.log(`${name} exists and stays as it is`);
    return;
  }
  writeFileSync(new URL(name, folder), bytes, { flag: 'wx' });
  if (content !== undefined) {
    writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(content, undefined, 1)}\n`, { flag: 'wx' });
  }
  console.log(`${name}: ${bytes.length} bytes`);
}
