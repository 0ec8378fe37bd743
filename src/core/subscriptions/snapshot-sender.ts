import { Qos } from '../../protocol/enumerations.js';
import { HEADER_BYTES } from '../../protocol/header.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import { writeSnapshotEntry } from '../../protocol/messages/snapshot.js';
import type { SnapshotEntry } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { FrameWriter } from '../delivery/frame-writer.js';
import type { Param } from '../params/param.js';
import type { ParamStore } from '../params/param-store.js';
import type { Replies } from '../delivery/replies.js';
import type { RouterSession } from '../session.js';
import type { SessionTasks, Task } from '../scheduling/session-tasks.js';
import type { Subscription } from './subscription.js';
import type { CanSee } from './subscription-index.js';

/** Steps of checking a param, and of writing one, without the steps for its bytes. */
const LOOK_STEPS = 4;
const WRITE_STEPS = 28;
/** Bytes of a value copied per step, log2. */
const BYTES_PER_STEP_LOG2 = 5;
/**
 * Steps of a snapshot at once, if few were taken in this turn: 2,000 small params, 1.2 ms of work. Most shows have
 * fewer.
 */
const STEPS_AT_ONCE = 2_000 * (LOOK_STEPS + WRITE_STEPS);
/** Params per SNAPSHOT in an encoding whose size is known only after writing. */
const PARAMS_PER_MAP_FRAME = 256;
/**
 * Bytes of addresses and values at which such a SNAPSHOT is closed. With field names it then nearly always fits a frame
 * and is written once.
 */
const BYTES_PER_MAP_FRAME = 32_768;

const SNAPSHOT = 0x23;

export interface SnapshotOptions {
  /** Whether an empty snapshot is sent too, as after WELCOME. @default false */
  readonly evenEmpty?: boolean;
  /** Values per param, if its history is kept, oldest first. @default 1, the current value */
  readonly history?: number;
  /** The subscription of the snapshot. @default none: it cannot be canceled */
  readonly subscription?: Subscription;
  /** Whether the session then needs only changes to the values sent here. @default false */
  readonly follow?: boolean;
}

/** Called for each param that a snapshot sends to a session; see {@link SignalRouter.noteDelivered}. */
export type Delivered = (session: RouterSession, address: string, value: EncodedValue, follow: boolean) => void;

/**
 * Sends the stored params that match a pattern, as many per frame as fit. Large snapshots are sent in slices, so that a
 * late joiner delays no other session. Each param costs the steps to compare its address, to write it and to copy its
 * bytes.
 *
 * A snapshot is a barrier against live updates although it takes several turns. Each piece is written from the values
 * of that moment into the queue of the live SETs. It is never older than a SET sent before it, and a later SET follows
 * it.
 */
export class SnapshotSender {
  readonly #ports: SnapshotPorts;
  readonly #tasks: SessionTasks;
  readonly #bySubscription = new WeakMap<Subscription, SnapshotTask>();

  constructor(tasks: SessionTasks, ports: SnapshotPorts) {
    this.#tasks = tasks;
    this.#ports = ports;
  }

  /** Begins a snapshot. A small one completes before this returns, unless the steps of this turn are used up. */
  begin(session: RouterSession, pattern: Pattern, options: SnapshotOptions = {}): void {
    const { subscription } = options;
    const task = new SnapshotTask(session, pattern, this.#ports, options);
    if (subscription !== undefined) this.#bySubscription.set(subscription, task);
    this.#tasks.begin(task, STEPS_AT_ONCE);
  }

  /** Drops the rest of a snapshot whose subscription has ended. */
  cancel(subscription: Subscription): void {
    const task = this.#bySubscription.get(subscription);
    if (task !== undefined) this.#tasks.cancel(task);
  }

  /** Drops the snapshots of an ended session. */
  forget(session: RouterSession): void {
    this.#tasks.forget(session);
  }
}

/** Sources of snapshots. */
export interface SnapshotPorts {
  /** Returns the store for the params of a pattern. */
  readonly storeFor: (pattern: Pattern) => ParamStore;
  readonly replies: Replies;
  readonly delivered: Delivered;
  /** Whether a session can see an address. */
  readonly canSee: CanSee;
  /** The time of this batch. */
  readonly nowMicros: () => number;
  /** For the timestamps of params. */
  readonly offsets: ClockOffsets;
}

/** An unfinished snapshot for one session. */
class SnapshotTask implements Task {
  readonly session: RouterSession;
  readonly pattern: Pattern;
  readonly #ports: SnapshotPorts;
  readonly #counter = new StepCounter();
  /** undefined for a param that was checked and does not match. */
  readonly #params: Iterator<Param | undefined>;
  /** Params with this serial or a later one are sent as live SETs. The snapshot contains older params only. */
  readonly #endSerial: number;
  readonly #history: number;
  readonly #follow: boolean;
  /** Whether a SNAPSHOT must be sent even if it is empty. */
  #owesOne: boolean;
  #nowMicros = 0;
  isDone = false;

  constructor(
    session: RouterSession,
    pattern: Pattern,
    ports: SnapshotPorts,
    { evenEmpty = false, history = 1, follow = false }: SnapshotOptions,
  ) {
    this.session = session;
    this.pattern = pattern;
    this.#ports = ports;
    const store = ports.storeFor(pattern);
    this.#params = store.matching(pattern, this.#counter);
    this.#endSerial = store.nextSerial;
    this.#history = history;
    this.#follow = follow;
    this.#owesOne = evenEmpty;
  }

  run(maxSteps: number): number {
    const { replies, nowMicros } = this.#ports;
    const { session } = this;
    this.#nowMicros = nowMicros();
    const first = this.#counter.steps;
    const writer = replies.writer(session);
    if (writer !== undefined && session.form.encoding === 'binary') this.#runBinary(writer, first + maxSteps);
    else this.#runMap(first + maxSteps);
    if (this.isDone && this.#owesOne) replies.send(session, { type: 'snapshot', params: [] });
    return Math.max(1, this.#counter.steps - first);
  }

  #runBinary(writer: FrameWriter, lastStep: number): void {
    const { session } = this;
    const w = writer.writer;
    const { maxFrameBytes = Infinity } = session.link;
    const limit = Math.min(MAX_PAYLOAD_BYTES, maxFrameBytes - HEADER_BYTES);
    let count = 0;
    const finish = (): void => {
      if (count === 0) return writer.abandon();
      const at = w.start + writer.payloadStart;
      w.bytes[at + 1] = count >>> 8;
      w.bytes[at + 2] = count;
      // A snapshot that fits no datagram is dropped by the transport, which reports that.
      if (writer.payloadLength <= limit) this.#owesOne = false;
      writer.finish(Qos.Fire);
      this.#ports.replies.deliver(session, writer);
    };
    const begin = (): void => {
      writer.begin();
      w.u8(SNAPSHOT);
      w.u16(0);
      count = 0;
    };
    begin();
    while (this.#counter.steps < lastStep) {
      const param = this.#next();
      if (param === undefined) {
        if (this.isDone) break;
        continue;
      }
      for (const entry of this.#entries(param)) {
        const before = w.at - w.start;
        writeSnapshotEntry(w, entry);
        if (writer.payloadLength > limit && count > 0) {
          w.at = w.start + before; // this param begins the next frame
          finish();
          begin();
          writeSnapshotEntry(w, entry);
        }
        count++;
      }
    }
    finish();
  }

  #runMap(lastStep: number): void {
    let entries: SnapshotEntry[] = [];
    let bytes = 0;
    while (this.#counter.steps < lastStep) {
      const param = this.#next();
      if (param !== undefined) {
        for (const entry of this.#entries(param)) {
          entries.push(entry);
          bytes += entry.address.length + entry.value.byteLength;
        }
      } else if (this.isDone) {
        break;
      }
      if (entries.length < PARAMS_PER_MAP_FRAME && bytes < BYTES_PER_MAP_FRAME) continue;
      this.#sendEntries(entries);
      entries = [];
      bytes = 0;
    }
    this.#sendEntries(entries);
  }

  #sendEntries(entries: readonly SnapshotEntry[]): void {
    if (entries.length === 0) return;
    const isSent = this.#ports.replies.inPieces(this.session, entries, (params) => ({ type: 'snapshot', params }));
    if (isSent) this.#owesOne = false;
  }

  /** Returns the next param for this session; undefined if the checked one does not match, or when {@link isDone}. */
  #next(): Param | undefined {
    const next = this.#params.next();
    if (next.done === true) {
      this.isDone = true;
      return undefined;
    }
    this.#counter.steps += LOOK_STEPS;
    const param = next.value;
    if (param === undefined || param.serial >= this.#endSerial || !param.isVisible(this.#nowMicros)) return undefined;
    return this.#ports.canSee(this.session, param.address) ? param : undefined;
  }

  /** Returns the entries for a param: its value, preceded by its history if requested and kept. */
  #entries(param: Param): readonly SnapshotEntry[] {
    this.#ports.delivered(this.session, param.address, param.value, this.#follow);
    const { protocolAheadMicros } = this.#ports.offsets;
    const past = this.#history > 1 ? param.history?.last(this.#history - 1, protocolAheadMicros) : undefined;
    const entry = param.entry(protocolAheadMicros);
    const entries = past === undefined ? [entry] : [...past, entry];
    for (const { value } of entries) this.#counter.steps += WRITE_STEPS + (value.byteLength >> BYTES_PER_STEP_LOG2);
    return entries;
  }
}
