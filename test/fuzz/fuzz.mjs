// @ts-check
// npm run fuzz -- [--seconds 60] [--seed N]
//
// Feeds mutated vectors and noise to every decoder for the given time. For any input, a decoder must return a message
// or throw a DecodeError. A decoded message must encode, or be too large once its numbers are widened, and the result
// must decode to the same message. The fuzzer prints the first violation with its seed, and exits with 1. Case n of a
// seed is the same on every machine.
import { inspect, isDeepStrictEqual, parseArgs } from 'node:util';
import { readdirSync, readFileSync } from 'node:fs';
import {
  DecodeError,
  decodeFrame,
  decodeJson,
  Deframer,
  EncodeError,
  encodeFrame,
  encodeJson,
} from 'clasp-router/protocol';
import { framed, joined, mutatedFrame, Random } from '../support/mutate.mjs';

/** @typedef {import('clasp-router/protocol').Message} Message */

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
});
const seconds = Number(options.seconds);
const seed = options.seed === undefined ? Date.now() >>> 0 : Number(options.seed);
if (!(seconds > 0) || !Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
  console.error('usage: npm run fuzz -- [--seconds 60] [--seed 0..4294967295]');
  process.exit(2);
}

const counts = { cases: 0, messages: 0, refused: 0, tooLarge: 0 };

/** Initial corpus: the vectors, and the same messages in CBOR. */
const binaryFrames = vectorFrames();
const messages = binaryFrames.map(messageOf).filter((message) => message !== undefined);
const corpus = [...binaryFrames, ...messages.map((message) => encodeFrame(message, { encoding: 'cbor' }))];
const texts = messages.map((message) => Uint8Array.from(Buffer.from(encodeJson(message))));
const ping = Uint8Array.of(0x53, 0x01, 0x00, 0x01, 0x41);

const random = new Random(seed);
const started = performance.now();
const end = started + seconds * 1000;
let nextReport = started + 1000;

console.log(`seed ${seed}, ${seconds} s, ${corpus.length} frames and ${texts.length} texts to start from`);
for (;;) {
  const now = performance.now();
  if (now >= nextReport || now >= end) {
    report(now);
    nextReport += 1000;
    if (now >= end) break;
  }
  for (let i = 0; i < 200; i++) runCase();
}
if (process.stdout.isTTY) process.stdout.write('\n');
if (counts.messages === 0 || counts.refused === 0) {
  console.error('nothing was decoded or nothing refused: the fuzzer itself is broken');
  process.exit(1);
}
console.log(`nothing found in ${counts.cases} cases of seed ${seed}`);

function runCase() {
  counts.cases++;
  switch (random.below(8)) {
    case 0:
      return attempt(
        'decodeFrame, noise',
        framed(random.bytes(1 + random.below(300)), random.below(256) & ~0x18),
        checkFrame,
      );
    case 1:
      return attempt('Deframer', stream(), checkStream);
    case 2:
    case 3:
      return attempt('decodeJson', mutatedFrame(random.pick(texts), texts, random), checkJson);
    default:
      return attempt('decodeFrame', mutatedFrame(random.pick(corpus), corpus, random), checkFrame);
  }
}

/**
 * Runs one check; any exception is a finding.
 *
 * @param {string} target
 * @param {Uint8Array} input
 * @param {(input: Uint8Array) => void} check
 */
function attempt(target, input, check) {
  try {
    check(input);
  } catch (error) {
    fail(target, input, error);
  }
}

/**
 * @param {string} target
 * @param {Uint8Array} input
 * @param {unknown} error
 * @returns {never}
 */
function fail(target, input, error) {
  process.stdout.write('\n');
  console.error(`FAILED: ${target}, seed ${seed}, case ${counts.cases}`);
  console.error(`input (hex): ${Buffer.from(input).toString('hex')}`);
  console.error(error);
  process.exit(1);
}

/** @param {Uint8Array} bytes */
function checkFrame(bytes) {
  const before = bytes.slice();
  const frame = orRefused(() => decodeFrame(bytes));
  if (Buffer.compare(before, bytes) !== 0) throw new Error('decoding changed the input');
  if (frame !== undefined) checkMessage(frame.message);
}

/** @param {Uint8Array} bytes */
function checkJson(bytes) {
  const frame = orRefused(() => decodeJson(Buffer.from(bytes).toString()));
  if (frame !== undefined) checkMessage(frame.message);
}

/**
 * JSON and CBOR must preserve every message. Binary must, too, without the fields that it cannot carry. @param
 * {Message} message
 */
function checkMessage(message) {
  const viaJson = decodeJson(encodeJson(message)).message;
  expectSame('JSON', message, viaJson);
  const viaCbor = rewritten(message, 'cbor');
  if (viaCbor !== undefined) expectSame('CBOR', message, viaCbor);
  const viaBinary = rewritten(message, 'binary');
  if (viaBinary !== undefined) expectSame('binary', viaBinary, rewritten(viaBinary, 'binary'));
}

/**
 * Returns undefined if a message is too large in this encoding. @param {Message} message @param {'cbor' | 'binary'}
 * encoding
 */
function rewritten(message, encoding) {
  const bytes = orTooLarge(() => encodeFrame(message, { encoding }));
  return bytes && decodeFrame(bytes).message;
}

/** @param {string} form @param {unknown} message @param {unknown} again */
function expectSame(form, message, again) {
  const [before, after] = [built(message), built(again)];
  if (isDeepStrictEqual(before, after)) return;
  const show = (/** @type {unknown} */ thing) =>
    inspect(thing, { depth: null, maxStringLength: 200, maxArrayLength: 50 });
  throw new Error(`${form} changes the message:\n${show(before)}\n${show(after)}`);
}

/**
 * Decodes values for a comparison: maps keep their order, absent and undefined fields are equal, and so are all NaNs.
 *
 * @param {unknown} thing
 * @returns {unknown}
 */
function built(thing) {
  if (isEncoded(thing)) return { value: built(thing.decode()) };
  if (thing instanceof Map) return { map: [...thing].map(([key, item]) => [key, built(item)]) };
  if (Array.isArray(thing)) return thing.map(built);
  if (thing instanceof Uint8Array || typeof thing !== 'object' || thing === null) return thing;
  const fields = Object.entries(thing).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, built(field)]));
}

/** @param {unknown} thing @returns {thing is { decode: () => unknown }} */
function isEncoded(thing) {
  return typeof thing === 'object' && thing !== null && 'decode' in thing && typeof thing.decode === 'function';
}

/**
 * Several consecutive frames, split anywhere. A damaged frame may only end the stream, or consume the length that it
 * claims.
 */
function stream() {
  const frames = Array.from({ length: 1 + random.below(6) }, () => {
    const frame = random.pick(corpus);
    return random.below(4) === 0 ? mutatedFrame(frame, corpus, random) : frame;
  });
  return joined(...frames);
}

/** @param {Uint8Array} bytes */
function checkStream(bytes) {
  const deframer = new Deframer();
  /** @type {Uint8Array[]} */
  const frames = [];
  let taken = 0;
  orRefused(() => {
    for (let at = 0; at < bytes.length && deframer.fault === undefined;) {
      const next = at + 1 + random.below(40);
      frames.push(...deframer.push(bytes.subarray(at, next)));
      at = next;
      taken = Math.min(next, bytes.length);
    }
    if (deframer.fault !== undefined) throw deframer.fault;
  });
  // However they are split, the same bytes must give the same frames, up to the first invalid byte.
  const atOnce = new Deframer();
  const framesAtOnce = orRefused(() => atOnce.push(bytes)) ?? [];
  if (Buffer.compare(joined(...framesAtOnce), joined(...frames)) !== 0) throw new Error('the cuts made a difference');
  if (atOnce.fault?.fault !== deframer.fault?.fault) throw new Error('the cuts made a difference to the fault');
  const length = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (deframer.fault === undefined && length + deframer.pendingBytes !== taken)
    throw new Error('bytes of the stream were lost');
  for (const frame of frames) checkFrame(frame);
  if (decodeFrame(ping).message.type !== 'ping') throw new Error('the decoder no longer works');
}

/**
 * @template T
 * @param {() => T} decode
 * @returns {T | undefined} undefined if the bytes are rejected
 */
function orRefused(decode) {
  try {
    const result = decode();
    counts.messages++;
    return result;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    counts.refused++;
    return undefined;
  }
}

/**
 * @template T
 * @param {() => T} encode
 * @returns {T | undefined} undefined if the message is too large
 */
function orTooLarge(encode) {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof EncodeError) || error.fault !== 'PayloadTooLarge') throw error;
    counts.tooLarge++;
    return undefined;
  }
}

/** @param {number} now milliseconds, of performance.now() */
function report(now) {
  const elapsed = (now - started) / 1000;
  const rate = Math.round(counts.cases / elapsed);
  const line = `${elapsed.toFixed(0)} s  ${rate}/s  ${counts.cases} cases  ${counts.messages} decoded  ${counts.refused} refused  ${counts.tooLarge} too large`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}

/** Returns the message of a vector, or undefined for a malformed one. @param {Uint8Array} frame */
function messageOf(frame) {
  try {
    return decodeFrame(frame).message;
  } catch (error) {
    return error instanceof DecodeError ? undefined : fail('vector', frame, error);
  }
}

/** @returns {Uint8Array[]} */
function vectorFrames() {
  const folder = new URL('../vectors/', import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    .flatMap(({ hex }) => (hex === undefined ? [] : [Uint8Array.from(Buffer.from(hex, 'hex'))]));
}
