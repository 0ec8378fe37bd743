import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { KeepsRevision } from './persist-rules.js';
import type { NoteRecord, SetRecord, StoredRecord } from '../format/records.js';

/** A param as stored. */
export interface StoredParam {
  readonly address: string;
  /** A view of the bytes of its file: copying a million values takes as long as reading them. */
  readonly value: EncodedValue;
  revision: number;
  readonly writer: string;
  readonly timestampMicros: number;
  readonly ttlSeconds: number;
  readonly isAbsolute: boolean;
  /** By the monotonic clock of the current run; Infinity = never. */
  expiresMicros: number;
  /** Number of the cut that wrote it. */
  readonly cut: number;
}

/** Both clocks at one instant, in microseconds. */
export interface ClockPair {
  readonly wallMicros: number;
  readonly monotonicMicros: number;
}

/** Revisions that no address gains in 3 s at full speed. */
const REVISION_STEP = 10_000_000;
const STEP_SECONDS = 3;

/** Returns the smallest number of revisions that no address gains in an interval and a flush. */
export function revisionStep(intervalSeconds: number): number {
  return REVISION_STEP * Math.max(1, Math.ceil(intervalSeconds / STEP_SECONDS));
}

/**
 * The state that the cuts of a store add up to. Cuts are applied in their order, each entirely: a later value replaces
 * an earlier one, whatever its revision.
 */
export class StoredState {
  readonly params = new Map<string, StoredParam>();
  /** Last revisions of removed params, oldest first. */
  readonly gone = new Map<string, number>();
  readonly signals = new Map<string, SignalDefinition>();
  /** Run of a router that wrote the last cut; undefined before the first. */
  #run: string | undefined;
  /** Digest of its rules. */
  #rules: string | undefined;
  /** Steps of its revisions. */
  #step = revisionStep(0);
  #last: ClockPair | undefined;
  /** Whether the last run wrote that it has stopped. */
  #isClean = true;

  /** Calendar time of the last cut, in microseconds; undefined without one. */
  get lastWallMicros(): number | undefined {
    return this.#last?.wallMicros;
  }

  /** Whether the last run stopped properly. True if nothing was stored. */
  get isClean(): boolean {
    return this.#isClean;
  }

  /**
   * Applies records of a cut.
   *
   * @param keepsRevision whether the revision of an address is exact after a crash
   */
  apply(cut: number, records: readonly StoredRecord[], keepsRevision: KeepsRevision): void {
    for (const record of records) {
      switch (record.type) {
        case 'note':
          this.#note(record, keepsRevision);
          break;
        case 'set':
          this.#set(record, cut);
          break;
        case 'gone':
          // A cut shows one instant. If it has both, the param was removed and created again.
          if (this.params.get(record.address)?.cut === cut) break;
          this.params.delete(record.address);
          this.gone.set(record.address, Number(record.revision));
          break;
        case 'signal':
          this.signals.set(record.definition.address, record.definition);
          break;
        case 'publish':
        case 'gap':
          break; // of a journal
      }
    }
  }

  /**
   * Ends the last run at the start of a new one: only the time in between is judged by calendar time, and not at all if
   * the calendar goes back. After an unclean stop, revisions continue behind all that clients can have received.
   */
  beginRun(now: ClockPair, keepsRevision: KeepsRevision): void {
    const last = this.#last;
    if (last !== undefined) {
      const offMicros = Math.max(0, now.wallMicros - last.wallMicros);
      const shiftMicros = now.monotonicMicros - last.monotonicMicros - offMicros;
      for (const param of this.params.values()) {
        if (param.expiresMicros !== Infinity) param.expiresMicros += shiftMicros;
      }
    }
    if (!this.#isClean) this.#stepRevisions(keepsRevision);
    this.#last = now;
  }

  #stepRevisions(keepsRevision: KeepsRevision): void {
    const rules = this.#rules;
    const next = (revision: number): number => (Math.floor(revision / this.#step) + 1) * this.#step;
    for (const [address, param] of this.params)
      if (!keepsRevision(address, rules)) param.revision = next(param.revision);
    for (const [address, revision] of this.gone)
      if (!keepsRevision(address, rules)) this.gone.set(address, next(revision));
  }

  #note({ content }: NoteRecord, keepsRevision: KeepsRevision): void {
    const forgotten = content.get('forgotten');
    if (typeof forgotten === 'string') this.signals.delete(forgotten);
    if (content.get('stop') === 'clean') this.#isClean = true;
    const [wall, mono, run, step] = ['wall', 'mono', 'run', 'step'].map((name) => content.get(name));
    if (typeof wall !== 'bigint' || typeof mono !== 'bigint') return;
    const clock = { wallMicros: Number(wall), monotonicMicros: Number(mono) };
    if (typeof run === 'string' && run !== this.#run) {
      if (this.#run !== undefined) this.beginRun(clock, keepsRevision);
      this.#run = run;
      const rules = content.get('rules');
      this.#rules = typeof rules === 'string' ? rules : undefined;
      if (typeof step === 'bigint') this.#step = Number(step);
    }
    this.#last = clock;
    this.#isClean = false;
  }

  #set(record: SetRecord, cut: number): void {
    const clock = this.#last;
    const { address, value, revision, writer, timeMicros, ttlSeconds, isAbsolute, expiresAtMicros } = record;
    const isLasting = expiresAtMicros === undefined || clock === undefined;
    this.gone.delete(address);
    this.params.set(address, {
      address,
      value,
      revision: Number(revision),
      writer,
      timestampMicros: Number(timeMicros),
      ttlSeconds,
      isAbsolute,
      expiresMicros: isLasting ? Infinity : Number(expiresAtMicros) - clock.wallMicros + clock.monotonicMicros,
      cut,
    });
  }
}
