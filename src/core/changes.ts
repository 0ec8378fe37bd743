import type { SignalType } from '../protocol/enumerations.js';
import type { PublishMessage, SignalDefinition } from '../protocol/messages/message.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import type { Change, ChangeLog, ChangeWriter, LogMask, RemovalChange } from './change.js';
import { type ClockOffsets, noOffsets } from './clock-offsets.js';
import type { Param } from './params/param.js';
import { isSystemAddress } from './system/system-addresses.js';

const MAX_LOGS = 31;
/** Changes that a log receives at once. Bounds the memory of one turn. */
const MAX_PENDING = 4_096;

interface Pending {
  readonly log: ChangeLog;
  changes: Change[];
  /** Whether `changes` contains the begin of the current bundle. */
  isInBundle: boolean;
}

/**
 * Collects the accepted changes of a turn for the logs that want them. Without a log for an address, nothing is
 * created: the recipients of an address contain the answer of the logs, which is 0 if none exists.
 */
export class Changes {
  readonly #pending: readonly Pending[];
  readonly #offsets: ClockOffsets;
  readonly #failed: (error: unknown) => void;
  #bundleWriter: ChangeWriter | undefined;

  /**
   * @param logs at most 31
   * @param failed receives what a log throws
   */
  constructor(logs: readonly ChangeLog[], offsets: ClockOffsets, failed: (error: unknown) => void) {
    if (logs.length > MAX_LOGS) throw new RangeError(`a router has at most ${MAX_LOGS} change logs`);
    this.#pending = logs.map((log) => ({ log, changes: [], isInBundle: false }));
    this.#offsets = offsets;
    this.#failed = failed;
  }

  /** Returns the logs that want the changes of an address. */
  logsOf(address: string, type: SignalType | 'announced' | undefined): LogMask {
    let mask = 0;
    for (let i = 0; i < this.#pending.length; i++) {
      const { log } = this.#pending[i]!; // the loop condition bounds the index
      if (!isSystemAddress(address) && this.#wants(log, address, type)) mask |= 1 << i;
    }
    return mask;
  }

  /** A param was written. @param mask logs that want it */
  set(mask: LogMask, param: Param, value: EncodedValue, writer: ChangeWriter, nowMicros: number): void {
    const { protocolAheadMicros } = this.#offsets;
    this.#add(mask, {
      type: 'set',
      address: param.address,
      value,
      revision: param.revision,
      writer,
      atMicros: nowMicros + protocolAheadMicros,
      ttlMicros: param.ttlMicros,
      ttlIsAbsolute: param.ttlIsAbsolute,
      expiresAtMicros: param.expiresAtMicros + protocolAheadMicros,
    });
  }

  publish(mask: LogMask, message: PublishMessage, writer: ChangeWriter | undefined, nowMicros: number): void {
    this.#add(mask, { type: 'publish', message, writer, atMicros: nowMicros + this.#offsets.protocolAheadMicros });
  }

  removed({ address, revision }: Param, reason: RemovalChange['reason'], nowMicros: number): void {
    if (this.#pending.length === 0) return;
    const mask = this.logsOf(address, 'param');
    const atMicros = nowMicros + this.#offsets.protocolAheadMicros;
    if (mask !== 0) this.#add(mask, { type: 'removed', address, revision, reason, atMicros });
  }

  /** The holder of a param has changed. */
  locked({ address, holder }: Param, mask: LogMask = this.logsOf(address, 'param')): void {
    if (mask !== 0) this.#add(mask, { type: 'lock', address, holder });
  }

  announced(definition: SignalDefinition): void {
    if (this.#pending.length === 0) return;
    const mask = this.logsOf(definition.address, 'announced');
    if (mask !== 0) this.#add(mask, { type: 'announced', definition });
  }

  forgotten(address: string): void {
    if (this.#pending.length === 0) return;
    const mask = this.logsOf(address, 'announced');
    if (mask !== 0) this.#add(mask, { type: 'forgotten', address });
  }

  /** The changes up to {@link endBundle} belong together. A log gets the marks only if it wants one of them. */
  beginBundle(writer: ChangeWriter): void {
    this.#bundleWriter = writer;
  }

  endBundle(): void {
    const writer = this.#bundleWriter;
    this.#bundleWriter = undefined;
    if (writer === undefined) return;
    for (const pending of this.#pending) {
      if (pending.isInBundle) pending.changes.push({ type: 'bundleEnd', writer });
      pending.isInBundle = false;
    }
  }

  /** Passes the changes to the logs, at the end of a turn. */
  flush(): void {
    for (const pending of this.#pending) if (pending.changes.length > 0) this.#append(pending);
  }

  /** A log that throws does not get the change. */
  #wants(log: ChangeLog, address: string, type: SignalType | 'announced' | undefined): boolean {
    try {
      return log.wants(address, type);
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #add(mask: LogMask, change: Change): void {
    for (let i = 0; i < this.#pending.length; i++) {
      if ((mask & (1 << i)) === 0) continue;
      const pending = this.#pending[i]!; // the loop condition bounds the index
      if (this.#bundleWriter !== undefined && !pending.isInBundle) {
        pending.isInBundle = true;
        pending.changes.push({ type: 'bundleBegin', writer: this.#bundleWriter });
      }
      pending.changes.push(change);
      if (pending.changes.length >= MAX_PENDING && !pending.isInBundle) this.#append(pending);
    }
  }

  #append(pending: Pending): void {
    const { log, changes } = pending;
    pending.changes = [];
    try {
      log.append(changes);
    } catch (error) {
      this.#failed(error);
    }
  }
}

/** For routers without a log, and for the params of the router itself. */
export const noChanges = new Changes([], noOffsets, () => undefined);
