import type { Reader } from '../bytes/reader.js';
import { decodeUtf8 } from '../bytes/utf8.js';
import { DecodeError } from '../errors.js';
import type { U64 } from '../u64.js';
import { float16FromBits, float32FromBits } from './small-floats.js';
import { enterContainer, takeBytes, type Tree, TreeMap } from './tree.js';

// data item (RFC 8949, 3)
//   head u8: major type 3 bits · info 5 bits · [argument u8, u16, u32 or u64 for info 24..27] · content
//   major types: 0 unsigned · 1 negative · 2 bytes · 3 text · 4 array · 5 map · 6 tag · 7 simple and float
//   info 31: of indefinite length, up to a break 0xFF

const BREAK = 0xff;
/** Tags that only repeat the type of the item. By default, cbor-x writes them before every Uint8Array and Map. */
const UINT8_ARRAY_TAG = 64;
const MAP_TAG = 259;

/**
 * Reads one CBOR item. `cbor-x` returns the integer 1 and the float 1.0 as the same JavaScript number. Int and Float
 * must stay distinct, so this reader is hand-written. Keys must be strings. Tags that change the meaning of an item are
 * rejected.
 *
 * @param depth number of containers around the item
 * @throws DecodeError
 */
export function readCbor(r: Reader, depth = 0): Tree {
  return readContent(r, r.u8(), depth);
}

function readContent(r: Reader, head: number, depth: number): Tree {
  const info = head & 0x1f;
  switch (head >> 5) {
    case 0:
      return BigInt(readArgument(r, info));
    case 1:
      return -1n - BigInt(readArgument(r, info));
    case 2:
      return readBytes(r, head);
    case 3:
      return readText(r, head);
    case 4:
      return readArray(r, info, depth + 1);
    case 5:
      return readMap(r, info, depth + 1);
    case 6:
      return readTagged(r, readArgument(r, info), depth);
    default:
      return readSimple(r, info);
  }
}

function readArgument(r: Reader, info: number): U64 {
  if (info < 24) return info;
  switch (info) {
    case 24:
      return r.u8();
    case 25:
      return r.u16();
    case 26:
      return r.u32();
    case 27:
      return r.u64();
    default:
      throw refused(`a head with the additional information ${info} is invalid here`);
  }
}

function readBytes(r: Reader, head: number): Uint8Array {
  if ((head & 0x1f) !== 31) return takeBytes(r, readArgument(r, head & 0x1f));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = r.u8(); next !== BREAK; next = r.u8()) {
    const chunk = takeBytes(r, readArgument(r, chunkInfo(next, head)));
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Each chunk of a string is valid UTF-8 by itself (RFC 8949, 3.2.3). */
function readText(r: Reader, head: number): string {
  if ((head & 0x1f) !== 31) return readChunk(r, head & 0x1f);
  let text = '';
  for (let next = r.u8(); next !== BREAK; next = r.u8()) text += readChunk(r, chunkInfo(next, head));
  return text;
}

function readChunk(r: Reader, info: number): string {
  const { byteLength } = takeBytes(r, readArgument(r, info));
  return decodeUtf8(r.bytes, r.at - byteLength, r.at);
}

/** Chunks have the same major type as the string, and a definite length. */
function chunkInfo(head: number, whole: number): number {
  if (head >> 5 !== whole >> 5)
    throw refused('a string of indefinite length contains an item that is not one of its chunks');
  return head & 0x1f;
}

function readArray(r: Reader, info: number, depth: number): readonly Tree[] {
  const items: Tree[] = [];
  if (info === 31) {
    enterContainer(r, depth, 0, 1);
    for (let head = r.u8(); head !== BREAK; head = r.u8()) items.push(readContent(r, head, depth));
  } else {
    const count = readArgument(r, info);
    enterContainer(r, depth, count, 1);
    for (let i = 0; i < count; i++) items.push(readCbor(r, depth));
  }
  return items;
}

function readMap(r: Reader, info: number, depth: number): TreeMap {
  const entries = new TreeMap();
  if (info === 31) {
    enterContainer(r, depth, 0, 2);
    for (let head = r.u8(); head !== BREAK; head = r.u8()) readEntry(r, head, entries, depth);
  } else {
    const count = readArgument(r, info);
    enterContainer(r, depth, count, 2);
    for (let i = 0; i < count; i++) readEntry(r, r.u8(), entries, depth);
  }
  return entries;
}

function readEntry(r: Reader, head: number, entries: TreeMap, depth: number): void {
  if (head >> 5 !== 3) throw refused('a map key must be a string');
  const key = readText(r, head);
  entries.add(key, readCbor(r, depth));
}

function readTagged(r: Reader, tag: U64, depth: number): Tree {
  const head = r.u8();
  if (tag === UINT8_ARRAY_TAG && head >> 5 === 2) return readBytes(r, head);
  if (tag === MAP_TAG && head >> 5 === 5) return readMap(r, head & 0x1f, depth + 1);
  throw refused(`the tag ${tag.toString()} is not supported here`);
}

function readSimple(r: Reader, info: number): Tree {
  switch (info) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
      return null;
    case 23:
      return undefined;
    case 25:
      return float16FromBits(r.u16());
    case 26:
      return float32FromBits(r.u32());
    case 27:
      return r.f64();
    case 31:
      throw refused('a break is outside every item of indefinite length');
    default:
      throw refused(`a simple value with the additional information ${info} is not supported here`);
  }
}

function refused(why: string): DecodeError {
  return new DecodeError('CborDecode', why);
}
