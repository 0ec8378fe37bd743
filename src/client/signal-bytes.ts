import type { Signal } from './signal.js';
import type { Value } from '../protocol/values/value.js';

/** Estimated heap bytes of a JavaScript object and of an entry in a Map or an array, on 64-bit V8. */
const OBJECT_BYTES = 100;
const ENTRY_BYTES = 48;
const SLOT_BYTES = 8;

/** Estimates the memory of a waiting signal in bytes. Visits every part of the value once. */
export function signalBytes(signal: Signal): number {
  const fixed = OBJECT_BYTES + signal.address.length;
  switch (signal.kind) {
    case 'param':
    case 'event':
    case 'gesture':
      return fixed + valueBytes(signal.value);
    case 'stream':
      return fixed + valueBytes(signal.value) + SLOT_BYTES * (signal.samples?.length ?? 0);
    case 'timeline': {
      let bytes = fixed + valueBytes(signal.value);
      for (const { value } of signal.timeline?.keyframes ?? []) bytes += OBJECT_BYTES + value.bytes.length;
      return bytes;
    }
  }
}

function valueBytes(value: Value | undefined): number {
  if (value === undefined || value === null || typeof value === 'boolean') return 0;
  if (typeof value === 'number') return SLOT_BYTES;
  if (typeof value === 'bigint') return SLOT_BYTES * 2;
  if (typeof value === 'string') return SLOT_BYTES * 2 + 2 * value.length;
  return containerBytes(value);
}

function containerBytes(value: Uint8Array | readonly Value[] | ReadonlyMap<string, Value>): number {
  if (value instanceof Uint8Array) return OBJECT_BYTES + value.byteLength;
  let bytes = OBJECT_BYTES;
  if (value instanceof Map) {
    for (const [key, one] of value as ReadonlyMap<string, Value>)
      bytes += ENTRY_BYTES + 2 * key.length + valueBytes(one);
  } else {
    for (const one of value as readonly Value[]) bytes += SLOT_BYTES + valueBytes(one);
  }
  return bytes;
}
