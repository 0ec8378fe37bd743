import type { RestoredParam } from '../../../src/core/params/stored-param.js';
import { silentLogger } from '../../../src/core/ports.js';
import type { CutEncoder } from '../../../src/journal/params/cut-encoder.js';
import { DirtyParams } from '../../../src/journal/params/dirty-params.js';
import { ParamsStore } from '../../../src/journal/params/params-store.js';
import { PersistRules, type SyncMode } from '../../../src/journal/params/persist-rules.js';
import type { SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';
import type { FaultyDisk } from '../../support/faulty-disk.js';

export const FOLDER = '/store';

/** Tells a test when each cut begins. */
class ObservedParams extends DirtyParams {
  began = (): void => undefined;

  override beginCut(encoder: CutEncoder): boolean {
    this.began();
    return super.beginCut(encoder);
  }
}

/** The mutation that the tests must find: a param that changes during a cut is written with its new value. */
class UncopiedParams extends ObservedParams {
  protected override encodeFirst(): void {
    // writes nothing
  }
}

export interface StoreTestOptions {
  readonly sync?: SyncMode;
  /** Switches copy-before-write off. @default false */
  readonly isMutated?: boolean;
  readonly run: string;
  /** Called between slices. */
  readonly between?: () => void;
  readonly wallMicros?: () => number;
}

/** A router core with a store on a simulated disk. Write n sets both halves of pair `n % PAIRS` to n, as a bundle. */
export class StoreUnderTest {
  readonly harness: CoreHarness;
  readonly store: ParamsStore;
  readonly dirty: DirtyParams;
  readonly disk: FaultyDisk;
  readonly timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  /** The last write of the run. */
  written = 0;
  /** The last write that a cut on disk contains. */
  acknowledged = 0;
  /** Whether the stored state was restored. */
  hasStarted = false;
  readonly failures: string[] = [];
  readonly #peer: Peer;
  readonly #options: StoreTestOptions;
  #cutWrite = 0;
  #timer = 0;

  static readonly PAIRS = 7;

  constructor(disk: FaultyDisk, options: StoreTestOptions) {
    const { sync = 'interval', isMutated = false, run, between } = options;
    const rules = new PersistRules([{ pattern: '/**' }], sync);
    const dirty = new (isMutated ? UncopiedParams : ObservedParams)(rules, 2);
    dirty.began = () => {
      this.#cutWrite = this.written;
    };
    this.#options = options;
    this.dirty = dirty;
    this.disk = disk;
    this.harness = new CoreHarness({ paramWatch: dirty });
    this.#peer = this.harness.join('desk');
    this.store = new ParamsStore({
      files: disk,
      folder: FOLDER,
      clock: {
        now: () => this.harness.nowMicros / 1_000,
        wallNow: () => (options.wallMicros?.() ?? this.harness.nowMicros) / 1_000,
        setTimeout: (callback, milliseconds) => {
          this.timers.set(++this.#timer, { atMs: this.harness.nowMicros / 1_000 + milliseconds, callback });
          return this.#timer;
        },
        clearTimeout: (id) => this.timers.delete(id as number), // the results of setTimeout are numbers
      },
      logger: silentLogger,
      dirty,
      rules,
      sync,
      intervalSeconds: 1,
      keepStates: 3,
      minTailBytes: 400,
      run,
      pause: async () => {
        await Promise.resolve();
        between?.();
      },
      settled: (_, failure) => {
        if (failure === undefined) this.acknowledged = this.#cutWrite;
        else this.failures.push(failure);
      },
      failed: () => undefined,
    });
  }

  /** Loads, restores and begins. @returns the restored params by address */
  async start(): Promise<ReadonlyMap<string, { readonly value: number; readonly revision: number }>> {
    const { state } = await this.store.load();
    const { nowMicros } = this.harness;
    const wallMicros = this.#options.wallMicros?.() ?? nowMicros;
    state.beginRun({ wallMicros, monotonicMicros: nowMicros }, () => this.#options.sync === 'always');
    const params = [...state.params].map(([address, param]): RestoredParam => {
      const { value, revision, writer, timestampMicros, ttlSeconds, expiresMicros } = param;
      const expiry = expiresMicros === Infinity ? {} : { ttlSeconds, expiresAtMicros: expiresMicros };
      return { address, value, revision, writer, timestampMicros, ...expiry };
    });
    this.written = this.acknowledged = Math.max(0, ...params.map(({ value }) => Number(value.decode())));
    this.hasStarted = true;
    this.harness.core.restore({ params, gone: [...state.gone], signals: [], isLimited: true });
    await this.store.begin();
    return new Map(
      [...state.params].map(([address, { value, revision }]) => [address, { value: Number(value.decode()), revision }]),
    );
  }

  /** Writes the next pair. */
  write(): void {
    const n = ++this.written;
    const pair = n % StoreUnderTest.PAIRS;
    const value = encodeValue(n);
    const half = (side: string): SetMessage => ({ type: 'set', address: `/pair/${pair}/${side}`, value });
    this.#peer.send({ type: 'bundle', messages: [half('left'), half('right')] });
    this.harness.nowMicros += 1_000;
  }

  set(address: string, value: number, ttl?: number): void {
    this.#peer.send({ type: 'set', address, value: encodeValue(value), ...(ttl !== undefined && { ttl }) });
  }

  /** Returns the revisions of all params, as clients have seen them. */
  revisions(): ReadonlyMap<string, number> {
    return new Map(this.harness.core.state().params.map(({ address, revision }) => [address, revision] as const));
  }

  /** Advances the time, and calls the timers that are due. */
  advance(seconds: number): void {
    this.harness.advance(seconds);
    for (const [id, { atMs, callback }] of [...this.timers]) {
      if (atMs > this.harness.nowMicros / 1_000) continue;
      this.timers.delete(id);
      callback();
    }
  }
}

/** Lets all pending promises settle. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Returns what is wrong with a restored state: half bundles, values of different instants, lost acknowledged writes. */
export function violationsOf(
  restored: ReadonlyMap<string, { readonly value: number }>,
  least: number,
  most: number,
): readonly string[] {
  const faults: string[] = [];
  const top = Math.max(0, ...[...restored.values()].map(({ value }) => value));
  if (top < least) faults.push(`the last write is ${top}, and ${least} was acknowledged`);
  if (top > most) faults.push(`the last write is ${top}, and the last one was ${most}`);
  for (let pair = 0; pair < StoreUnderTest.PAIRS; pair++) {
    const expected = top - ((((top - pair) % StoreUnderTest.PAIRS) + StoreUnderTest.PAIRS) % StoreUnderTest.PAIRS);
    for (const side of ['left', 'right']) {
      const found = restored.get(`/pair/${pair}/${side}`)?.value ?? 0;
      if (found !== Math.max(0, expected)) faults.push(`/pair/${pair}/${side} is ${found} instead of ${expected}`);
    }
  }
  return faults;
}
