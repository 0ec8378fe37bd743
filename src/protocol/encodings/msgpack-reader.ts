import type { Reader } from '../bytes/reader.js';
import { decodeUtf8 } from '../bytes/utf8.js';
import { DecodeError } from '../errors.js';
import { float32FromBits } from './small-floats.js';
import { enterContainer, takeBytes, type Tree, TreeMap } from './tree.js';

/**
 * Reads one MessagePack item. A library returns the integer 1 and the float 1.0 as the same JavaScript number. Int and
 * Float must stay distinct, so this reader is hand-written. Extension types are rejected (wire.md 8.3). Keys must be
 * strings.
 *
 * @param depth number of containers around the item
 * @throws DecodeError
 */
export function readMsgpack(r: Reader, depth = 0): Tree {
  const marker = r.u8();
  if (marker <= 0x7f) return BigInt(marker);
  if (marker <= 0x8f) return readMap(r, marker & 0x0f, depth + 1);
  if (marker <= 0x9f) return readArray(r, marker & 0x0f, depth + 1);
  if (marker <= 0xbf) return readText(r, marker & 0x1f);
  if (marker >= 0xe0) return BigInt(marker - 0x100);
  switch (marker) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
      return takeBytes(r, r.u8());
    case 0xc5:
      return takeBytes(r, r.u16());
    case 0xc6:
      return takeBytes(r, r.u32());
    case 0xca:
      return float32FromBits(r.u32());
    case 0xcb:
      return r.f64();
    case 0xcc:
      return BigInt(r.u8());
    case 0xcd:
      return BigInt(r.u16());
    case 0xce:
      return BigInt(r.u32());
    case 0xcf:
      return BigInt(r.u64());
    case 0xd0:
      return BigInt.asIntN(8, BigInt(r.u8()));
    case 0xd1:
      return BigInt.asIntN(16, BigInt(r.u16()));
    case 0xd2:
      return BigInt.asIntN(32, BigInt(r.u32()));
    case 0xd3:
      return BigInt.asIntN(64, BigInt(r.u64()));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readText(r, textLength(marker, r));
    case 0xdc:
      return readArray(r, r.u16(), depth + 1);
    case 0xdd:
      return readArray(r, r.u32(), depth + 1);
    case 0xde:
      return readMap(r, r.u16(), depth + 1);
    case 0xdf:
      return readMap(r, r.u32(), depth + 1);
    default:
      // 0xC1 is reserved; the others are extensions
      throw new DecodeError('LegacyDecode', `the MessagePack type ${hex(marker)} is not part of CLASP`);
  }
}

function readText(r: Reader, length: number): string {
  const { byteLength } = takeBytes(r, length);
  return decodeUtf8(r.bytes, r.at - byteLength, r.at);
}

function textLength(marker: number, r: Reader): number {
  return marker === 0xd9 ? r.u8() : marker === 0xda ? r.u16() : r.u32();
}

function readArray(r: Reader, count: number, depth: number): readonly Tree[] {
  enterContainer(r, depth, count, 1);
  const items: Tree[] = [];
  for (let i = 0; i < count; i++) items.push(readMsgpack(r, depth));
  return items;
}

function readMap(r: Reader, count: number, depth: number): TreeMap {
  enterContainer(r, depth, count, 2);
  const entries = new TreeMap();
  for (let i = 0; i < count; i++) {
    const key = readKey(r);
    entries.add(key, readMsgpack(r, depth));
  }
  return entries;
}

function readKey(r: Reader): string {
  const marker = r.u8();
  if (marker >= 0xa0 && marker <= 0xbf) return readText(r, marker & 0x1f);
  if (marker >= 0xd9 && marker <= 0xdb) return readText(r, textLength(marker, r));
  throw new DecodeError('LegacyDecode', `a map key must be a string, not the MessagePack type ${hex(marker)}`);
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
