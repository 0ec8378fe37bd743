import type { Json } from '../feed.js';
import type { Sanitize } from './port.js';

/** Maximum values in a definition, whatever a machine of the host application references. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 64;

/** Keys of records whose own keys are the author's names of states and events. A state can be called `context`. */
const namings = new Set(['states', 'on', 'after']);
/** Keys of data, as opposed to structure. They can contain anything. */
const data = new Set(['context', 'input', 'output', 'params', 'meta']);

/**
 * Returns the config of a machine in the Stately inspector's form: JSON text, with `{"type": name}` for each
 * function. The structure is complete. Data in it (a context that is not a function, params, input) passes through
 * `sanitize`.
 */
export function definitionText(config: object, sanitize: Sanitize): string {
  return JSON.stringify(new ConfigWalk(sanitize).value(config, false));
}

class ConfigWalk {
  readonly #sanitize: Sanitize;
  /** Ancestors of the current object. */
  readonly #path = new Set<object>();
  #values = 0;

  constructor(sanitize: Sanitize) {
    this.#sanitize = sanitize;
  }

  /** @param isNaming whether the keys are names without a meaning of their own */
  value(value: unknown, isNaming: boolean): Json | undefined {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : null;
      case 'bigint':
        return String(value);
      case 'function':
        return { type: value.name };
      case 'object':
        return value === null ? null : this.#object(value, isNaming);
      case 'symbol':
      case 'undefined':
        return undefined;
    }
  }

  #object(object: object, isNaming: boolean): Json | undefined {
    if (this.#path.has(object)) return '[Circular]';
    if (++this.#values > MAX_VALUES || this.#path.size >= MAX_DEPTH) return '[Object]';
    this.#path.add(object);
    const result = this.#inside(object, isNaming);
    this.#path.delete(object);
    return result;
  }

  #inside(object: object, isNaming: boolean): Json | undefined {
    if (Array.isArray(object)) return object.map((item: unknown) => this.value(item, false) ?? null);
    // A machine that is embedded, and not referenced by name, provides its own JSON form.
    if ('toJSON' in object && typeof object.toJSON === 'function') {
      return this.value((object as { toJSON(): unknown }).toJSON(), isNaming); // the signature that JSON.stringify uses
    }
    const result: Record<string, Json> = {};
    for (const [key, value] of Object.entries(object)) {
      const json = this.#member(key, value, isNaming);
      if (json !== undefined) result[key] = json;
    }
    return result;
  }

  #member(key: string, value: unknown, isNaming: boolean): Json | undefined {
    if (isNaming || !data.has(key)) return this.value(value, !isNaming && namings.has(key));
    if (value === undefined || typeof value === 'function') return this.value(value, false);
    return memberOf(this.#sanitize({ [key]: value }), key);
  }
}

/** Returns a member of an object after the object was sanitized. */
export function memberOf(sanitized: Json, key: string): Json | undefined {
  return isRecord(sanitized) ? sanitized[key] : undefined;
}

/** Returns whether it is an object with keys. */
export function isRecord(json: Json | undefined): json is Readonly<Record<string, Json>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
