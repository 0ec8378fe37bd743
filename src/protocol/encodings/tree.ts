import type { Reader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../limits.js';
import type { U64 } from '../u64.js';
import { INT_MAX, INT_MIN, type Value } from '../values/value.js';
import type { NotationFault, ReadNotation } from './notation.js';

/**
 * Content of CBOR or MessagePack before fields and values are distinguished. As in a {@link Value}, integers are
 * bigints and floats are numbers. Unlike there, integers can be any of -2^64..2^64-1, and CBOR's `undefined` can occur.
 */
export type Tree = null | undefined | boolean | number | bigint | string | Uint8Array | readonly Tree[] | TreeMap;

/** A map as read. A repeated key is legal in a value, where the last entry counts, but not in a message. */
export class TreeMap extends Map<string, unknown> {
  /** The first repeated key, if any. */
  repeatedKey: string | undefined;

  add(key: string, node: unknown): void {
    if (this.has(key)) this.repeatedKey ??= key;
    this.set(key, node);
  }

  /** Returns a copy with one entry replaced. */
  with(key: string, node: unknown): TreeMap {
    const copy = new TreeMap(this);
    copy.repeatedKey = this.repeatedKey;
    return copy.set(key, node);
  }
}

/**
 * Limit for nested containers in a message: map and list of each bundle, then PUBLISH, timeline, keyframes, keyframe
 * and a value. It bounds the recursion of the readers. {@link valueOfTree} checks the limit of the value itself.
 */
const MAX_TREE_DEPTH = 2 * MAX_BUNDLE_DEPTH + 4 + MAX_VALUE_DEPTH;

/**
 * Starts a container. Rejects excessive depth, and a count that cannot fit the remaining bytes, before any allocation.
 */
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

/** Reads bytes with a declared length. Returns a view, not a copy. */
export function takeBytes(r: Reader, length: U64): Uint8Array {
  if (length > r.left) {
    throw new DecodeError('LengthOverrun', `${length.toString()} bytes are claimed; ${r.left} bytes are left`);
  }
  const start = r.at;
  r.at += Number(length);
  return r.bytes.subarray(start, r.at);
}

/** The parts of the notation that both tree forms share. */
export function treeNotation(fault: NotationFault): Pick<ReadNotation, 'fault' | 'fields' | 'map' | 'text' | 'float'> {
  return {
    fault,
    fields: (node) => {
      if (!(node instanceof TreeMap)) return undefined;
      if (node.repeatedKey !== undefined) {
        throw new DecodeError(fault, `"${node.repeatedKey.slice(0, 40)}" occurs twice in a message`);
      }
      return node;
    },
    map: (node) => (node instanceof TreeMap ? node : undefined),
    text: (node) => (typeof node === 'string' ? node : undefined),
    float: (node) => (typeof node === 'number' ? node : typeof node === 'bigint' ? exactFloat(node) : undefined),
  };
}

/** Returns the Float for an integer, or undefined if a Float would round it. */
function exactFloat(integer: bigint): number | undefined {
  const float = Number(integer);
  return BigInt(float) === integer ? float : undefined;
}

/**
 * Returns the value for a tree.
 *
 * @param beyondInt converts an integer beyond 64 bits
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
      return null; // null or undefined: a tree contains no other type
  }
}

/** @param depth nested containers in a value so far, including the innermost. @throws DecodeError DepthExceeded */
export function checkValueDepth(depth: number): void {
  if (depth > MAX_VALUE_DEPTH) {
    throw new DecodeError('DepthExceeded', `values nest deeper than ${MAX_VALUE_DEPTH} levels`);
  }
}
