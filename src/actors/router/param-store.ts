import { type Address, addressSegments } from '../../protocol/address.js';
import { isLiteral, matchSegment, matchSegments, type Pattern } from '../../protocol/pattern.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';

/**
 * One stored value. The value's bytes are the param's own and are written over in place: a fader that moves a thousand
 * times a second allocates nothing.
 */
export class Param {
  readonly address: Address;
  /** Counts up by one with every accepted write; the first is 1. */
  revision = 0;
  /** Session id of the last writer. */
  writer = '';
  /** Of the last write, by the router's clock. */
  timestampMicros = 0;
  /** When it was created, in order: what is newer than a running snapshot need not be in it. */
  readonly serial: number;
  #type = 0;
  #bytes: Uint8Array = nothing;
  #length = 0;

  constructor(address: Address, serial: number) {
    this.address = address;
    this.serial = serial;
  }

  /** The value; valid until the next write, so use it in this turn or copy it. */
  get value(): EncodedValue {
    return new EncodedValue(this.#type, this.#bytes, 0, this.#length);
  }

  write(value: EncodedValue, writer: string, nowMicros: number): void {
    const length = value.byteLength;
    // A view that is much too large is given back: one huge value must not stay for ever.
    if (length > this.#bytes.length || length * 4 < this.#bytes.length) this.#bytes = new Uint8Array(length);
    const to = this.#bytes;
    const from = value.bytes;
    if (length <= 64) for (let i = 0; i < length; i++) to[i] = from[value.start + i]!;
    else to.set(from.subarray(value.start, value.end));
    this.#type = value.type;
    this.#length = length;
    this.writer = writer;
    this.timestampMicros = nowMicros;
    this.revision++;
  }
}

const nothing = new Uint8Array(0);

/** A branch of the address tree. A param without addresses below it hangs in its parent's map itself: leaves cost no node. */
class Branch {
  param: Param | undefined;
  readonly children = new Map<string, Branch | Param>();
}

/** Every param by its address, and a tree of segments so that `/lights/3/**` costs what it matches, not what there is. */
export class ParamStore {
  readonly #params = new Map<string, Param>();
  readonly #root = new Branch();
  #serial = 0;

  get size(): number {
    return this.#params.size;
  }

  /** The serial the next new param gets: everything below exists already. */
  get nextSerial(): number {
    return this.#serial;
  }

  get(address: string): Param | undefined {
    return this.#params.get(address);
  }

  /** The param at this address, made when it is not there yet. The caller writes its first value at once. */
  create(address: Address): Param {
    const param = new Param(address, this.#serial++);
    this.#params.set(address, param);
    const segments = addressSegments(address);
    const last = segments.pop()!; // split never gives an empty list
    let branch = this.#root;
    for (const segment of segments) branch = descend(branch, segment);
    const existing = branch.children.get(last);
    if (existing instanceof Branch) existing.param = param;
    else branch.children.set(last, param);
    return param;
  }

  /** All params that match. Lazy, and safe while params are written and made: a long walk can rest between ticks. */
  *matching(pattern: Pattern): IterableIterator<Param> {
    if (pattern === '/**') {
      yield* this.#params.values();
    } else if (isLiteral(pattern)) {
      const param = this.#params.get(pattern);
      if (param !== undefined) yield param;
    } else {
      yield* walk(this.#root, addressSegments(pattern), 0);
    }
  }
}

function descend(branch: Branch, segment: string): Branch {
  const existing = branch.children.get(segment);
  if (existing instanceof Branch) return existing;
  const below = new Branch();
  below.param = existing;
  branch.children.set(segment, below);
  return below;
}

/** The literal and `*` part of a pattern leads down the tree; from the first `**` on, what lies below is filtered. */
function* walk(branch: Branch, pattern: readonly string[], at: number): IterableIterator<Param> {
  const segment = pattern[at]!;
  if (segment === '**') {
    const everything = restIsGlobstars(pattern, at);
    for (const param of below(branch)) {
      if (everything || matchSegments(pattern, addressSegments(param.address))) yield param;
    }
  } else if (segment.includes('*')) {
    for (const [name, child] of branch.children) {
      if (matchSegment(segment, name)) yield* enter(child, pattern, at + 1);
    }
  } else {
    const child = branch.children.get(segment);
    if (child !== undefined) yield* enter(child, pattern, at + 1);
  }
}

function* enter(child: Branch | Param, pattern: readonly string[], at: number): IterableIterator<Param> {
  const param = child instanceof Branch ? child.param : child;
  if (param !== undefined && restIsGlobstars(pattern, at)) yield param;
  if (at < pattern.length && child instanceof Branch) yield* walk(child, pattern, at);
}

function* below(branch: Branch): IterableIterator<Param> {
  for (const child of branch.children.values()) {
    if (child instanceof Branch) {
      if (child.param !== undefined) yield child.param;
      yield* below(child);
    } else {
      yield child;
    }
  }
}

function restIsGlobstars(pattern: readonly string[], at: number): boolean {
  for (let i = at; i < pattern.length; i++) if (pattern[i] !== '**') return false;
  return true;
}
