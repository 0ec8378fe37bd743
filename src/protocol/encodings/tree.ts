import type { Reader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../limits.js';
import type { U64 } from '../u64.js';
import { INT_MAX, INT_MIN, type Value } from '../values/value.js';
import type { NotationFault, ReadNotation } from './notation.js';

/**
 * What the bytes of CBOR or MessagePack say before anybody knows which of it is a field and which a value. Integers are
 * bigints and floats numbers, as in a {@link Value}; but integers may be any of -2^64..2^64-1, and CBOR's `undefined` is
 * one more thing.
 */
export type Tree = null | undefined | boolean | number | bigint | string | Uint8Array | readonly Tree[] | TreeMap;

/** A map as it was read. That a key comes twice is legal in a value, where the later entry wins, but not in a message. */
export class TreeMap extends Map<string, unknown> {
  /** The first key that came twice. */
  repeatedKey: string | undefined;

  add(key: string, node: unknown): void {
    if (this.has(key)) this.repeatedKey ??= key;
    this.set(key, node);
  }

  /** A copy with one entry replaced. */
  with(key: string, node: unknown): TreeMap {
    const copy = new TreeMap(this);
    copy.repeatedKey = this.repeatedKey;
    return copy.set(key, node);
  }
}

/**
 * Containers inside containers in a whole message: map and list of each bundle, then PUBLISH, timeline, keyframes and
 * keyframe, then a value. This bounds the readers' recursion; the value's own limit is checked by {@link valueOfTree}.
 */
const MAX_TREE_DEPTH = 2 * MAX_BUNDLE_DEPTH + 4 + MAX_VALUE_DEPTH;

/** Begins a container: refuses one too deep, or one whose elements cannot all be there, before anything is allocated. */
export function enterContainer(r: Reader, depth: number, count: U64, smallest: number): void {
  if (depth > MAX_TREE_DEPTH) {
    throw new DecodeError('DepthExceeded', `containers nest deeper than ${MAX_TREE_DEPTH} levels`);
  }
  if (count > r.left / smallest) {
    throw new DecodeError(
      'CountOverrun',
      `${count.toString()} elements of at least ${smallest} bytes are claimed; ${r.left} bytes are left`,
    );
  }
}

/** Takes bytes whose length is claimed in front of them; a view, not a copy. */
export function takeBytes(r: Reader, length: U64): Uint8Array {
  if (length > r.left) {
    throw new DecodeError('LengthOverrun', `${length.toString()} bytes are claimed; ${r.left} bytes are left`);
  }
  const start = r.at;
  r.at += Number(length);
  return r.bytes.subarray(start, r.at);
}

/** What is the same in both forms that are read as a tree. */
export function treeNotation(fault: NotationFault): Pick<ReadNotation, 'fault' | 'fields' | 'map' | 'text' | 'float'> {
  return {
    fault,
    fields: (node) => {
      if (!(node instanceof TreeMap)) return undefined;
      if (node.repeatedKey !== undefined) {
        throw new DecodeError(fault, `"${node.repeatedKey.slice(0, 40)}" stands in a message twice`);
      }
      return node;
    },
    map: (node) => (node instanceof TreeMap ? node : undefined),
    text: (node) => (typeof node === 'string' ? node : undefined),
    float: (node) => (typeof node === 'number' ? node : typeof node === 'bigint' ? exactFloat(node) : undefined),
  };
}

/** The Float that is this integer; undefined for one that a Float would round. */
function exactFloat(integer: bigint): number | undefined {
  const float = Number(integer);
  return BigInt(float) === integer ? float : undefined;
}

/**
 * The value that a tree is.
 *
 * @param beyondInt what an integer outside of 64 bits becomes
 * @throws DecodeError DepthExceeded
 */
export function valueOfTree(node: unknown, beyondInt: (integer: bigint) => Value, depth = 0): Value {
  switch (typeof node) {
    case 'boolean':
    case 'number':
    case 'string':
      return node;
    case 'bigint':
      return node < INT_MIN || node > INT_MAX ? beyondInt(node) : node;
    default:
      if (node instanceof Uint8Array) return node;
      if (Array.isArray(node)) {
        checkValueDepth(depth + 1);
        return node.map((item) => valueOfTree(item, beyondInt, depth + 1));
      }
      if (node instanceof TreeMap) {
        checkValueDepth(depth + 1);
        const entries = new Map<string, Value>();
        for (const [key, item] of node) entries.set(key, valueOfTree(item, beyondInt, depth + 1));
        return entries;
      }
      return null; // null and undefined: a tree holds nothing else
  }
}

/** @param depth containers in a value so far, the innermost included. @throws DecodeError DepthExceeded */
export function checkValueDepth(depth: number): void {
  if (depth > MAX_VALUE_DEPTH) {
    throw new DecodeError('DepthExceeded', `values nest deeper than ${MAX_VALUE_DEPTH} levels`);
  }
}
