import { utf8Length } from '../../protocol/address.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { Owner } from '../quotas/owner.js';

/** A validated definition of one address in an ANNOUNCE. */
export interface AnnouncedSignal {
  readonly address: Pattern;
  readonly definition: SignalDefinition;
  readonly owner: Owner;
  /** Approximate memory in bytes. */
  readonly bytes: number;
}

/**
 * A signal in the directory. A later ANNOUNCE of its address updates it in place, so that a paused QUERY visits it
 * once, in its current state.
 */
export class Announced implements AnnouncedSignal {
  readonly address: Pattern;
  definition: SignalDefinition;
  owner: Owner;
  bytes: number;
  /** Increases with each ANNOUNCE. */
  serial: number;
  /** Serial of its first ANNOUNCE. */
  readonly firstSerial: number;
  /** The definition is invisible from this time on. */
  expiresAtMicros: number;
  /** Entry in the expiry queue; undefined if it never expires. */
  expiry: DueEntry<Announced> | undefined;
  /** The router's own definition of the address, which applies again after this one is removed. */
  readonly own: Announced | undefined;
  /** The definition that overrides this one, which is the router's own. */
  over: Announced | undefined;
  isForgotten = false;
  /** Bytes in a RESULT by encoding; 0 = not computed yet. Set by QueryTask. */
  readonly resultBytes = { binary: 0, cbor: 0, json: 0 };

  constructor(signal: AnnouncedSignal, serial: number, expiresAtMicros: number, own: Announced | undefined) {
    this.address = signal.address;
    this.definition = signal.definition;
    this.owner = signal.owner;
    this.bytes = signal.bytes;
    this.serial = serial;
    this.firstSerial = own?.firstSerial ?? serial;
    this.expiresAtMicros = expiresAtMicros;
    this.own = own;
  }

  /** Returns the current definition of its address: this one, the overriding one, or the router's own. */
  at(nowMicros: number): Announced | undefined {
    if (this.over?.isThere(nowMicros) === true) return this.over;
    return this.isThere(nowMicros) ? this : this.own;
  }

  /** Whether it is valid. */
  isThere(nowMicros: number): boolean {
    return !this.isForgotten && !this.owner.isRevoked && nowMicros < this.expiresAtMicros;
  }

  /** Replaces the definition with that of a later ANNOUNCE. */
  replace({ definition, owner, bytes }: AnnouncedSignal, serial: number, expiresAtMicros: number): void {
    this.definition = definition;
    this.owner = owner;
    this.bytes = bytes;
    this.serial = serial;
    this.expiresAtMicros = expiresAtMicros;
    Object.assign(this.resultBytes, { binary: 0, cbor: 0, json: 0 });
  }
}

/** Bytes of heap, measured with Node.js 20: a definition, and its parts without their strings. */
const BYTES_OF_ONE = 700;
const BYTES_OF_META = 100;
const BYTES_OF_DEFAULT = 250;
/** Bytes of each address segment in an index. */
const BYTES_OF_SEGMENT = 80;

/** Estimates the memory of a definition, in bytes. @param indexes number of indexes with its address */
export function definitionBytes({ address, datatype, access, meta }: SignalDefinition, indexes: number): number {
  return (
    BYTES_OF_ONE +
    textBytes(address) +
    textBytes(datatype) +
    textBytes(access) +
    textBytes(meta?.unit) +
    textBytes(meta?.description) +
    (meta === undefined ? 0 : BYTES_OF_META) +
    (meta?.default === undefined ? 0 : BYTES_OF_DEFAULT + meta.default.byteLength) +
    segmentCount(address) * BYTES_OF_SEGMENT * indexes
  );
}

/** Returns the number of segments of a valid address. */
export function segmentCount(address: string): number {
  let count = 0;
  for (let i = 0; i < address.length; i++) if (address.charCodeAt(i) === SLASH) count++;
  return count;
}

function textBytes(text: string | undefined): number {
  return text === undefined ? 0 : utf8Length(text);
}

const SLASH = 0x2f;
