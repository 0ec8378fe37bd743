import { utf8Length } from '../../protocol/address.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { Owner } from '../quotas/owner.js';

/** What one ANNOUNCE says of one address, checked. */
export interface AnnouncedSignal {
  readonly address: Pattern;
  readonly definition: SignalDefinition;
  readonly owner: Owner;
  /** Memory it takes, roughly. */
  readonly bytes: number;
}

/**
 * A signal in the directory. A later ANNOUNCE of its address changes it in place, so that a QUERY that rests meets it once, and as it is
 * then.
 */
export class Announced implements AnnouncedSignal {
  readonly address: Pattern;
  definition: SignalDefinition;
  owner: Owner;
  bytes: number;
  /** Signals that were announced later have a greater one. */
  serial: number;
  /** Of its first ANNOUNCE. */
  readonly firstSerial: number;
  /** From this instant on it is invisible. */
  expiresAtMicros: number;
  /** Its place among those that expire; undefined if it never does. */
  expiry: DueEntry<Announced> | undefined;
  /** What the router itself says of the address, which comes back when this is forgotten. */
  readonly own: Announced | undefined;
  /** What stands in the place of this, which is the router's own. */
  over: Announced | undefined;
  isForgotten = false;
  /** Bytes it takes in a RESULT, by encoding; 0 = not known yet. Kept by QueryTask. */
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

  /** What is announced at its address now: this, what stands in its place, or what the router itself says. */
  at(nowMicros: number): Announced | undefined {
    if (this.over?.isThere(nowMicros) === true) return this.over;
    return this.isThere(nowMicros) ? this : this.own;
  }

  /** Whether it counts. */
  isThere(nowMicros: number): boolean {
    return !this.isForgotten && !this.owner.isRevoked && nowMicros < this.expiresAtMicros;
  }

  /** Another ANNOUNCE of its address. */
  replace({ definition, owner, bytes }: AnnouncedSignal, serial: number, expiresAtMicros: number): void {
    this.definition = definition;
    this.owner = owner;
    this.bytes = bytes;
    this.serial = serial;
    this.expiresAtMicros = expiresAtMicros;
    Object.assign(this.resultBytes, { binary: 0, cbor: 0, json: 0 });
  }
}

/** Bytes of heap, as measured with Node.js 20: what a definition takes by itself, and what its parts take beside their texts. */
const BYTES_OF_ONE = 700;
const BYTES_OF_META = 100;
const BYTES_OF_DEFAULT = 250;
/** Of each segment of the address in an index. */
const BYTES_OF_SEGMENT = 80;

/** Estimates the memory that a definition takes, in bytes. @param indexes that hold its address */
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

/** Segments of an address that is valid. */
export function segmentCount(address: string): number {
  let count = 0;
  for (let i = 0; i < address.length; i++) if (address.charCodeAt(i) === SLASH) count++;
  return count;
}

function textBytes(text: string | undefined): number {
  return text === undefined ? 0 : utf8Length(text);
}

const SLASH = 0x2f;
