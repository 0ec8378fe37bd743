import type { SetMessage, SnapshotEntry } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import { BoundedMap } from '../util/bounded-map.js';
import type { Param } from './signal.js';

/** A received state of a param. Immutable: a newer one replaces it. */
export interface KnownParam {
  readonly address: string;
  readonly value: EncodedValue;
  readonly revision: U64;
  readonly writer: string | undefined;
  readonly timestamp: U64 | undefined;
  /** Session in which it was received. Revisions of different sessions can come from different routers. */
  readonly session: number;
}

/** The last received values, from any subscription or answer. */
export class ParamCache {
  readonly #params: BoundedMap<KnownParam>;
  /** Counts the sessions, so that their revisions are not confused. */
  session = 0;

  /** @param limit maximum number of addresses; beyond it, the addresses that were received first are dropped */
  constructor(limit: number) {
    this.#params = new BoundedMap({ maxEntries: limit });
  }

  get(address: string): Param | undefined {
    const known = this.#params.get(address);
    return known && paramOf(known);
  }

  /** Records an entry of a SNAPSHOT, which can be from a param's past. */
  fromSnapshot({ address, value, revision, writer, timestamp }: SnapshotEntry): KnownParam {
    return this.#keep({ address, value: value.copy(), revision, writer, timestamp, session: this.session });
  }

  /** Records a write. */
  fromSet({ address, value, revision }: SetMessage): KnownParam {
    return this.#keep({
      address,
      value: value.copy(), // copied: a view into a frame that is valid only in this turn
      revision: revision ?? 0, // routers always send it
      writer: undefined,
      timestamp: undefined,
      session: this.session,
    });
  }

  #keep(param: KnownParam): KnownParam {
    const before = this.#params.get(param.address);
    const isOlder = before?.session === param.session && before.revision > param.revision;
    if (!isOlder) this.#params.set(param.address, param);
    return param;
  }
}

export function paramOf({ address, value, revision, writer, timestamp }: KnownParam): Param {
  return { address, value: value.decode(), revision, writer, timestamp };
}
