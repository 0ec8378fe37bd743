import { Qos } from '../../protocol/enumerations.js';
import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
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
import type { CanSee, Subscription } from './subscription-index.js';

/** Steps of looking at a param, and of writing one that is for this session, beside those for its bytes. */
const LOOK_STEPS = 4;
const WRITE_STEPS = 28;
/** Bytes of a value copied in a step. */
const BYTES_PER_STEP_LOG2 = 5;
/** Steps of a snapshot at once, if few were taken in this turn: 2,000 small params, those of most shows, 1.2 ms of work. */
const STEPS_AT_ONCE = 2_000 * (LOOK_STEPS + WRITE_STEPS);
/** Params in one SNAPSHOT of an encoding whose size is only known once it is written. */
const PARAMS_PER_MAP_FRAME = 256;
/**
 * Bytes of addresses and values at which such a SNAPSHOT is closed. With the names of its fields it nearly always fits
 * a frame then, and is written once.
 */
const BYTES_PER_MAP_FRAME = 32_768;

const SNAPSHOT = 0x23;

export interface SnapshotOptions {
  /** Whether a snapshot without params is sent too, as after WELCOME. @default false */
  readonly evenEmpty?: boolean;
  /** Values wanted of each param, where its past is kept: the older ones come first. @default 1, the current one */
  readonly history?: number;
  /** Whose snapshot it is. @default nobody's: it cannot be cancelled */
  readonly subscription?: Subscription;
  /** Whether the session only wants to hear of changes to what it is told here. @default false */
  readonly follow?: boolean;
}

/** Hears what a snapshot tells a session; see {@link Routing.told}. */
export type Delivered = (session: RouterSession, address: string, value: EncodedValue, follow: boolean) => void;

/**
 * Sends the stored params that match a pattern: as many to a frame as fit, and in slices when they are many, so that a
 * late joiner stalls nobody. Every param costs what it takes to compare its address, to write it and to copy its bytes.
 *
 * It is a barrier against the live feed although it takes its time: each piece is written from the values of that
 * moment into the same queue the live SETs go through, so it is never older than a SET that went before it, and a SET
 * that comes later goes behind it.
 */
export class SnapshotSender {
  readonly #ports: SnapshotPorts;
  readonly #tasks: SessionTasks;
  readonly #bySubscription = new WeakMap<Subscription, SnapshotTask>();

  constructor(tasks: SessionTasks, ports: SnapshotPorts) {
    this.#tasks = tasks;
    this.#ports = ports;
  }

  /** Begins a snapshot. A small one is complete when this returns, unless much was sent in this turn already. */
  begin(session: RouterSession, pattern: Pattern, options: SnapshotOptions = {}): void {
    const { subscription } = options;
    const task = new SnapshotTask(session, pattern, this.#ports, options);
    if (subscription !== undefined) this.#bySubscription.set(subscription, task);
    this.#tasks.begin(task, STEPS_AT_ONCE);
  }

  /** Drops what was still to come for a subscription that has ended. */
  cancel(subscription: Subscription): void {
    const task = this.#bySubscription.get(subscription);
    if (task !== undefined) this.#tasks.cancel(task);
  }

  /** Drops what was still to come for a session that has gone. */
  forget(session: RouterSession): void {
    this.#tasks.forget(session);
  }
}

/** What snapshots are made of. */
export interface SnapshotPorts {
  /** Where the params are that a pattern is about. */
  readonly storeFor: (pattern: Pattern) => ParamStore;
  readonly replies: Replies;
  readonly told: Delivered;
  /** Whether a session may hear of an address. */
  readonly canSee: CanSee;
  /** The time of this batch. */
  readonly nowMicros: () => number;
  /** For the timestamps of params. */
  readonly offsets: ClockOffsets;
}

/** A snapshot on its way to one session. */
class SnapshotTask implements Task {
  readonly session: RouterSession;
  readonly pattern: Pattern;
  readonly #ports: SnapshotPorts;
  readonly #counter = new StepCounter();
  /** undefined for a param that was looked at and does not match. */
  readonly #params: Iterator<Param | undefined>;
  /** Params as new as this reach the session, if at all, as live SETs: the snapshot is of what there was. */
  readonly #endSerial: number;
  readonly #history: number;
  readonly #follow: boolean;
  /** Whether it owes the session a SNAPSHOT even if there turns out to be nothing in it. */
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
      // What no datagram holds is dropped by the transport, which says so.
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
          w.at = w.start + before; // this one begins the next frame
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

  /** The next param for this session; undefined where one was looked at that is none, or when {@link isDone}. */
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

  /** What a session is told of a param: its value, and those it had before where they are wanted and kept. */
  #entries(param: Param): readonly SnapshotEntry[] {
    this.#ports.told(this.session, param.address, param.value, this.#follow);
    const { protocolAheadMicros } = this.#ports.offsets;
    const past = this.#history > 1 ? param.history?.last(this.#history - 1, protocolAheadMicros) : undefined;
    const entry = param.entry(protocolAheadMicros);
    const entries = past === undefined ? [entry] : [...past, entry];
    for (const { value } of entries) this.#counter.steps += WRITE_STEPS + (value.byteLength >> BYTES_PER_STEP_LOG2);
    return entries;
  }
}
