// @ts-check
// One case with one build, in a process of its own: prints nanoseconds of processor time per message, and the memory.
// node --expose-gc bench/direct/measure.mjs DIST CASE SECONDS
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { subscribe } from '../wire/clasp-frames.mjs';
import { makeCore } from '../state/core.mjs';
import { directCases } from './cases.mjs';
import { chunksOf } from './chunks.mjs';

const [dist = 'dist', name = 'set-1k', seconds = '1'] = process.argv.slice(2);
const directCase = directCases[name];
if (directCase === undefined) throw new Error(`no case ${name}`);
const base = pathToFileURL(`${resolve(dist)}/`);
const { LeanReader } = await import(new URL('transports/websocket/lean-reader.js', base).href);

const { addresses, isShuffled = false, part = 'core' } = directCase;
const chunks = chunksOf(directCase, isShuffled);
const { core, clock, decode, join, flush } = await makeCore({ maxParams: 0 }, base);
const publisher = join('websocket');
const subscriber = join('websocket');
core.handle(subscriber, decode(subscribe(1, '/bench/**')), clock.micros);
while (core.advanceTasks());
flush();

const reader = new LeanReader({
  maxFrameBytes: 65_539,
  onMessages: part === 'reader' ? () => {} : handle,
  leave() {
    throw new Error('a frame was left to ws');
  },
});
/** The socket's buffer. A router gets another one with each read, but its pages are in the cache as well. */
const socketBuffer = Buffer.allocUnsafeSlow(65_536);

/** @param {Uint8Array | { bytes: Uint8Array, endOf(start: number): number }} run */
function handle(run) {
  clock.micros += 100;
  core.beginBatch();
  if (run instanceof Uint8Array) return core.handleBytes(publisher, run, 0, run.length, clock.micros);
  const { bytes } = run;
  for (let start = 0; start < bytes.length;) {
    const end = run.endOf(start);
    core.handleBytes(publisher, bytes, start, end, clock.micros);
    start = end;
  }
}

/** @param {Buffer} chunk */
function read(chunk) {
  chunk.copy(socketBuffer);
  reader.push(socketBuffer.subarray(0, chunk.length));
  if (part === 'core') flush();
}

// The first pass creates the params. In the second one, the router learns their addresses.
if (isShuffled) for (const { bytes } of chunksOf(directCase, false)) read(bytes);
const passes = Math.max(3, Math.ceil(400_000 / addresses));
for (let pass = 0; pass < passes; pass++) for (const { bytes } of chunks) read(bytes);
globalThis.gc?.();
const rssMb = process.memoryUsage().rss / 1e6;
let messages = 0;
const before = process.cpuUsage();
for (const end = performance.now() + Number(seconds) * 1_000; performance.now() < end;) {
  // Whole passes only if they are short: a million messages take a second.
  for (const { bytes, count } of chunks) {
    read(bytes);
    messages += count;
  }
}
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ ns: ((user + system) * 1_000) / messages, rssMb }));
