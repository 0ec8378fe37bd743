import type { Json } from './feed.js';
import { HIDDEN, isSecretAddress, isSecretName, isSecretText } from './secrets.js';

/** Limits: levels, entries per list or object, characters per string. */
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_CHARACTERS = 500;
/** Maximum values in total: depth and entries together would still allow a billion. */
const MAX_NODES = 5_000;

/** Members that hold the content of a signal if a member `address` is beside them. */
const CONTENT_NAMES: ReadonlySet<string> = new Set(['value', 'values', 'samples', 'timeline', 'payload']);

/**
 * Converts any value to JSON that can be shown: bounded in depth and size, without secrets. A secret is recognized by
 * its name, its form, or the address beside it (secrets.ts). The function reads plain objects, lists, maps, sets,
 * errors, and JSON forms (`toJSON`) that are plain objects. Any other object appears as its class name. Getters are
 * not called.
 */
export function sanitize(value: unknown): Json {
  return new Sanitizer().show(value, 0);
}

class Sanitizer {
  readonly #open = new Set<object>();
  #nodes = 0;

  show(value: unknown, depth: number): Json {
    if (++this.#nodes > MAX_NODES) return '…';
    switch (typeof value) {
      case 'string':
        return text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'bigint':
        return value.toString();
      case 'undefined':
        return null;
      case 'symbol':
        return '(symbol)';
      case 'function':
        return '(function)';
      case 'object':
        return value === null ? null : this.#object(value, depth);
    }
  }

  #object(value: object, depth: number): Json {
    if (this.#open.has(value)) return '(again)';
    if (depth >= MAX_DEPTH) return '…';
    this.#open.add(value);
    try {
      return this.#inside(value, depth + 1);
    } catch {
      return '(unreadable)'; // for example a proxy that throws
    } finally {
      this.#open.delete(value);
    }
  }

  #inside(value: object, depth: number): Json {
    if (Array.isArray(value)) return this.#list(value, depth);
    if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
    if (value instanceof Set) return this.#list(first(value), depth, value.size);
    if (value instanceof Map) return this.#entries(first(value), depth, value.size);
    if (value instanceof Error) return this.#error(value, depth);
    if (!isPlain(value)) {
      const summary = summaryOf(value);
      return summary === undefined ? `(${className(value)})` : this.#inside(summary, depth);
    }
    const fields = Object.entries(Object.getOwnPropertyDescriptors(value));
    return this.#entries(
      fields.map(([key, field]) => [key, 'value' in field ? (field.value as unknown) : '(computed)']),
      depth,
    );
  }

  #list(items: readonly unknown[], depth: number, count = items.length): Json {
    const result = items.slice(0, MAX_ENTRIES).map((item) => this.show(item, depth));
    return count > MAX_ENTRIES ? [...result, `… ${count - MAX_ENTRIES} more`] : result;
  }

  #entries(entries: readonly (readonly [key: unknown, value: unknown])[], depth: number, count = entries.length): Json {
    const result: [string, Json][] = [];
    const isOfSecret = entries.some(([key, value]) => key === 'address' && isSecretValueAddress(value));
    for (const [key, value] of entries.slice(0, MAX_ENTRIES)) {
      const name = typeof key === 'string' ? text(key) : String(key);
      if (typeof value === 'function' || value === undefined) continue;
      result.push([
        name,
        isSecretName(name) || (isOfSecret && CONTENT_NAMES.has(name)) ? HIDDEN : this.show(value, depth),
      ]);
    }
    if (count > MAX_ENTRIES) result.push(['…', `${count - MAX_ENTRIES} more`]);
    return Object.fromEntries(result);
  }

  #error(error: Error, depth: number): Json {
    const code: unknown = Reflect.get(error, 'code');
    const result: Json = { name: text(error.name), message: text(error.message) };
    return code === undefined ? result : { ...result, code: this.show(code, depth) };
  }
}

function isSecretValueAddress(address: unknown): boolean {
  return typeof address === 'string' && isSecretAddress(address);
}

/** Returns the entries to show of a map or set, without copying a large one. */
function first<T>(items: Iterable<T>): readonly T[] {
  const result: T[] = [];
  for (const item of items) {
    if (result.length >= MAX_ENTRIES) break;
    result.push(item);
  }
  return result;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Returns the JSON form of an object if that form has fields. The form of a Date is a string. */
function summaryOf(value: object): object | undefined {
  if (!hasJson(value)) return undefined;
  const summary = value.toJSON();
  return typeof summary === 'object' && summary !== null && isPlain(summary) ? summary : undefined;
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function text(value: string): string {
  if (isSecretText(value)) return HIDDEN;
  return value.length <= MAX_CHARACTERS ? value : `${value.slice(0, MAX_CHARACTERS)}…`;
}

function className(value: object): string {
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'object';
}
