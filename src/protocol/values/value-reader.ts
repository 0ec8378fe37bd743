import { copyBytes } from '../bytes/copy.js';
import type { Reader } from '../bytes/reader.js';
import { type Value, ValueType } from './value.js';

/** Builds a value from bytes that a walk has validated. Depth, counts and lengths are therefore valid. */
export function readValue(type: number, r: Reader): Value {
  switch (type) {
    case ValueType.Null:
      return null;
    case ValueType.Bool:
      return r.u8() !== 0;
    case ValueType.Int8:
      return BigInt((r.u8() << 24) >> 24);
    case ValueType.Int16:
      return BigInt((r.u16() << 16) >> 16);
    case ValueType.Int32:
      return BigInt(r.u32() | 0);
    case ValueType.Int64: {
      const high = r.u32() | 0;
      return (BigInt(high) << 32n) | BigInt(r.u32());
    }
    case ValueType.Float32: {
      float32Bits[0] = r.u32();
      return float32[0]!;
    }
    case ValueType.Float64:
      return r.f64();
    case ValueType.String:
      return r.str();
    case ValueType.Bytes: {
      const length = r.u16();
      const start = r.at;
      r.at += length;
      return copyBytes(r.bytes, start, r.at);
    }
    case ValueType.Array: {
      const items: Value[] = [];
      for (let left = r.u16(); left > 0; left--) items.push(readValue(r.u8(), r));
      return items;
    }
    default: {
      // A map: the walk accepts no other type.
      const entries = new Map<string, Value>();
      for (let left = r.u16(); left > 0; left--) {
        const key = r.str();
        entries.set(key, readValue(r.u8(), r)); // a repeated key keeps its first position and its last value
      }
      return entries;
    }
  }
}

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);
