import { addressSegments, segmentsFault, utf8Length } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detachedDefinition } from '../../protocol/messages/detached.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import { AddressTree } from './address-tree.js';
import { PatternTrie } from './pattern-trie.js';
import { checkDefinitionSize } from './sizes.js';
import { isSystemAddress, systemAddressRefused } from './system-addresses.js';

export interface SignalDirectoryOptions {
  /** Definitions kept; 0 = unlimited. */
  readonly maxSignals: number;
  /** Bytes that all definitions together may take, indexes included, roughly; 0 = unlimited. */
  readonly maxSignalBytes: number;
  /** Seconds after its last ANNOUNCE that a definition is forgotten; 0 = never. */
  readonly signalTtlSeconds: number;
}

interface Announced {
  readonly address: string;
  readonly definition: SignalDefinition;
  /** What it takes. */
  readonly bytes: number;
  /** Those announced later have a greater one. */
  readonly serial: number;
  /** From this instant on it is forgotten. */
  expiresAtMicros: number;
  /** Whether it is announced again by itself. */
  readonly stays: boolean;
}

/** What a QUERY has found, and how much it has looked at to find it. */
export interface SignalSearch {
  /** In the order of the last ANNOUNCE. */
  readonly found: readonly SignalDefinition[];
  /** Definitions and branches of the index; of a pattern that is dear to compare each counts more. */
  readonly looked: number;
}

/** What a definition takes beside its texts and its default, and what each segment of its address does in an index. */
const BYTES_OF_ONE = 300;
const BYTES_OF_SEGMENT = 100;
/** Addresses whose definition is remembered. A full cache starts over. */
const MAX_CACHED_ADDRESSES = 65_536;

/** What has been announced, by address. An announced address may itself be a pattern; QUERY matches it as text. */
export class SignalDirectory {
  readonly #options: SignalDirectoryOptions;
  /** In the order of the last ANNOUNCE, which is the order in which they expire. */
  readonly #signals = new Map<string, Announced>();
  /** By the text of their addresses, for QUERY. */
  readonly #tree = new AddressTree<Announced>();
  /** Those announced for a pattern, by what it matches. */
  readonly #patterns = new PatternTrie<Announced>();
  /** The definition for a concrete address, until anything is announced or expires. */
  readonly #describing = new Map<string, SignalDefinition | undefined>();
  #serial = 0;
  #bytes = 0;

  constructor(options: SignalDirectoryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#signals.size;
  }

  /** What all of them take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps the definitions, each in place of an earlier one at its address, and from now on: all of them, or none.
   *
   * @param stays whether they are the router's own, which no TTL ends
   * @throws ClaspError 200 for an invalid address, 403 for one of the router's own, 402 for a definition that is too large,
   * 400 for want of capacity
   */
  announce(signals: readonly SignalDefinition[], nowMicros: number, stays = false): void {
    this.#expire(nowMicros);
    /** What each address takes from now on; of several for one the last counts. */
    const sizes = new Map<string, number>();
    for (const signal of signals) {
      const { address } = signal;
      const fault = segmentsFault(address);
      if (fault !== undefined) throw new ClaspError(ErrorCode.InvalidAddress, `invalid address: ${fault}`, { address });
      if (isSystemAddress(address)) throw systemAddressRefused(address);
      checkDefinitionSize(signal);
      sizes.set(address, bytesOf(signal));
    }
    this.#checkRoom(sizes);
    const expiresAtMicros = this.#expiryAfter(nowMicros);
    for (const signal of signals) {
      const { address } = signal;
      const former = this.#signals.get(address);
      if (former !== undefined) this.#forget(former);
      const bytes = sizes.get(address)!; // set above
      this.#keep({
        address,
        definition: detachedDefinition(signal),
        bytes,
        serial: this.#serial++,
        stays: stays || former?.stays === true,
        expiresAtMicros,
      });
    }
    this.#describing.clear();
  }

  /** What a pattern matches, and what it took to find that. */
  search(pattern: Pattern, nowMicros: number): SignalSearch {
    this.#expire(nowMicros);
    if (pattern === '/**') {
      return { found: Array.from(this.#signals.values(), definitionOf), looked: this.#signals.size };
    }
    const segments = addressSegments(pattern);
    const weight = weightOf(segments);
    const found: Announced[] = [];
    let looked = 0;
    for (const one of this.#tree.matching(segments)) {
      looked += weight;
      if (one !== undefined) found.push(one);
    }
    return { found: found.sort((one, other) => one.serial - other.serial).map(definitionOf), looked };
  }

  /** The same for somebody who does not mind what it takes. */
  matching(pattern: Pattern, nowMicros: number): readonly SignalDefinition[] {
    return this.search(pattern, nowMicros).found;
  }

  /** What was announced of an address: under its own name, or else under the first pattern that matches it. */
  describing(address: string, nowMicros: number): SignalDefinition | undefined {
    this.#expire(nowMicros);
    if (this.#describing.has(address)) return this.#describing.get(address);
    const found = this.#signals.get(address)?.definition ?? this.#patternFor(address);
    if (this.#describing.size >= MAX_CACHED_ADDRESSES) this.#describing.clear();
    this.#describing.set(address, found);
    return found;
  }

  #patternFor(address: string): SignalDefinition | undefined {
    let first: Announced | undefined;
    for (const one of this.#patterns.matches(address)) {
      if (first === undefined || one.serial < first.serial) first = one;
    }
    return first?.definition;
  }

  /** @throws ClaspError 400 */
  #checkRoom(sizes: ReadonlyMap<string, number>): void {
    const { maxSignals, maxSignalBytes } = this.#options;
    let added = 0;
    let grown = 0;
    for (const [address, bytes] of sizes) {
      const former = this.#signals.get(address);
      if (former === undefined) added++;
      grown += bytes - (former?.bytes ?? 0);
    }
    if (maxSignals > 0 && this.#signals.size + added > maxSignals) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `${this.#signals.size} signals are announced; ${added} more would pass the limit of ${maxSignals}`,
      );
    }
    if (maxSignalBytes > 0 && grown > 0 && this.#bytes + grown > maxSignalBytes) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `announced signals take ${this.#bytes} bytes; ${grown} more would pass the limit of ${maxSignalBytes}`,
      );
    }
  }

  #keep(announced: Announced): void {
    const { address, bytes } = announced;
    this.#signals.set(address, announced);
    this.#tree.add(announced);
    if (isPattern(address)) this.#patterns.add(parsePattern(address), announced);
    this.#bytes += bytes;
  }

  #forget(announced: Announced): void {
    const { address, bytes } = announced;
    this.#signals.delete(address);
    this.#tree.remove(announced);
    if (isPattern(address)) this.#patterns.remove(parsePattern(address), announced);
    this.#bytes -= bytes;
  }

  #expire(nowMicros: number): void {
    for (const announced of this.#signals.values()) {
      if (announced.expiresAtMicros > nowMicros) return;
      if (announced.stays) {
        // Its place is that of one announced just now, so that those behind it have their turn.
        this.#signals.delete(announced.address);
        announced.expiresAtMicros = this.#expiryAfter(nowMicros);
        this.#signals.set(announced.address, announced);
        continue;
      }
      this.#forget(announced);
      this.#describing.clear();
    }
  }

  #expiryAfter(nowMicros: number): number {
    const { signalTtlSeconds } = this.#options;
    return signalTtlSeconds === 0 ? Infinity : nowMicros + signalTtlSeconds * 1_000_000;
  }
}

function definitionOf({ definition }: Announced): SignalDefinition {
  return definition;
}

/** With several `**` a comparison may take as many steps as the segments of pattern and address multiplied. */
function weightOf(segments: readonly string[]): number {
  const globstars = segments.filter((segment) => segment === '**').length;
  return globstars < 2 ? 1 : Math.ceil(segments.length / 4);
}

function isPattern(address: string): boolean {
  return address.includes('*');
}

function bytesOf({ address, datatype, access, meta }: SignalDefinition): number {
  const texts = [address, datatype, access, meta?.unit, meta?.description];
  const indexes = isPattern(address) ? 2 : 1;
  return (
    BYTES_OF_ONE +
    texts.reduce((sum, text) => sum + (text === undefined ? 0 : utf8Length(text)), 0) +
    (meta?.default?.byteLength ?? 0) +
    addressSegments(address).length * BYTES_OF_SEGMENT * indexes
  );
}
