import { Qos } from '../../protocol/enumerations.js';
import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import { writeSnapshotEntry } from '../../protocol/messages/snapshot.js';
import type { SnapshotEntry } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Lane } from './lane.js';
import type { Param } from './param.js';
import type { ParamStore } from './param-store.js';
import type { Replies } from './replies.js';
import type { RouterSession } from './router-session.js';
import type { Shows, Subscription } from './subscription-index.js';

/** Params a session gets at once, if nobody else has been sent much in this turn: those of most shows, 1.2 ms of work. */
const PARAMS_AT_ONCE = 2_000;
/**
 * Params written in each further turn of the event loop, for all sessions together: 0.3 ms of work. With eight times as many a late
 * joiner has its 100,000 a quarter sooner, and everybody else waits four times as long for an answer.
 */
const PARAMS_PER_TICK = 512;
/** What a param counts that is only looked at and not written, because it is not for this session. */
const COST_OF_LOOKING = 1 / 8;
/** Params in one SNAPSHOT of an encoding whose size is only known once it is written. */
const PARAMS_PER_MAP_FRAME = 256;
/**
 * Bytes of addresses and values at which such a SNAPSHOT is closed. With the names of its fields it nearly always fits
 * a frame then, and is written once.
 */
const BYTES_PER_MAP_FRAME = 32_768;

const SNAPSHOT = 0x23;

/** A snapshot on its way to one session. */
interface Job {
  readonly session: RouterSession;
  /** Whose it is; undefined for the one behind WELCOME. */
  readonly subscription: Subscription | undefined;
  /** undefined for a param that was looked at and does not match. */
  readonly params: Iterator<Param | undefined>;
  /** Params as new as this reach the session, if at all, as live SETs: the snapshot is of what there was. */
  readonly endSerial: number;
  readonly history: number;
  readonly follow: boolean;
  /** Whether it owes the session a SNAPSHOT even if there turns out to be nothing in it. */
  owesOne: boolean;
}

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
export type Told = (session: RouterSession, address: string, value: EncodedValue, follow: boolean) => void;

/**
 * Sends the stored params that match a pattern: as many to a frame as fit, and a piece a tick when they are many, so that a
 * late joiner stalls nobody.
 *
 * It is a barrier against the live feed although it takes its time: each piece is written from the values of that
 * moment into the same queue the live SETs go through, so it is never older than a SET that went before it, and a SET
 * that comes later goes behind it.
 */
export class Snapshots {
  readonly #storeFor: (pattern: Pattern) => ParamStore;
  readonly #replies: Replies;
  readonly #told: Told;
  readonly #shows: Shows;
  #jobs: Job[] = [];
  /** Params that may still be written in this tick. */
  #budget = PARAMS_PER_TICK;
  #nowMicros = 0;

  /**
   * @param storeFor where the params are that a pattern is about
   * @param shows whether a session may hear of an address
   */
  constructor(storeFor: (pattern: Pattern) => ParamStore, replies: Replies, told: Told, shows: Shows) {
    this.#storeFor = storeFor;
    this.#replies = replies;
    this.#told = told;
    this.#shows = shows;
  }

  /** Begins a snapshot. A small one is complete when this returns, unless much was sent in this tick already. */
  begin(session: RouterSession, pattern: Pattern, nowMicros: number, options: SnapshotOptions = {}): void {
    this.#nowMicros = nowMicros;
    const { evenEmpty = false, history = 1, follow = false, subscription } = options;
    const store = this.#storeFor(pattern);
    const params = store.matching(pattern);
    const endSerial = store.nextSerial;
    const job: Job = { session, subscription, params, endSerial, history, follow, owesOne: evenEmpty };
    // An earlier job of the session goes first: clients wait for what they asked for in the order they asked.
    const waits =
      this.#budget <= 0 || session.phase === 'congested' || this.#jobs.some((other) => other.session === session);
    if (waits || !this.#step(job, PARAMS_AT_ONCE)) this.#jobs.push(job);
  }

  /** Whether {@link advance} has anything to do; the jobs of congested sessions rest. */
  get pending(): boolean {
    return this.#jobs.some(({ session }) => session.phase === 'active');
  }

  /** A new tick: sends the next pieces, in turn, as far as one tick's work goes. */
  advance(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    this.#budget = PARAMS_PER_TICK;
    while (this.#budget > 0) {
      const next = this.#jobs.findIndex(({ session }) => session.phase === 'active');
      if (next < 0) return;
      const [job] = this.#jobs.splice(next, 1);
      if (job !== undefined && !this.#step(job, PARAMS_PER_TICK)) this.#requeue(job);
    }
  }

  /** Drops what was still to come for a subscription that has ended. */
  cancel(subscription: Subscription): void {
    const index = this.#jobs.findIndex((job) => job.subscription === subscription);
    if (index >= 0) this.#jobs.splice(index, 1);
  }

  /** Drops what was still to come for a session that has gone. */
  forget(session: RouterSession): void {
    this.#jobs = this.#jobs.filter((job) => job.session !== session);
  }

  #requeue(job: Job): void {
    const ownNext = this.#jobs.findIndex(({ session }) => session === job.session);
    if (ownNext < 0) this.#jobs.push(job);
    else this.#jobs.splice(ownNext, 0, job);
  }

  /** Writes up to so many params. @returns whether that was all */
  #step(job: Job, most: number): boolean {
    const lane = this.#replies.lane(job.session);
    const isDone =
      lane !== undefined && job.session.form.encoding === 'binary'
        ? this.#binaryStep(job, lane, most)
        : this.#mapStep(job, most);
    if (isDone && job.owesOne) this.#replies.send(job.session, { type: 'snapshot', params: [] });
    return isDone;
  }

  #binaryStep(job: Job, lane: Lane, most: number): boolean {
    const { session, params } = job;
    const w = lane.writer;
    const { maxFrameBytes = Infinity } = session.link;
    const limit = Math.min(MAX_PAYLOAD_BYTES, maxFrameBytes - HEADER_BYTES);
    let count = 0;
    let done = false;
    const finish = (): void => {
      if (count === 0) return lane.abandon();
      const at = w.start + lane.payloadStart;
      w.bytes[at + 1] = count >>> 8;
      w.bytes[at + 2] = count;
      // What no datagram holds is dropped by the transport, which says so.
      if (lane.payloadLength <= limit) job.owesOne = false;
      lane.finish(Qos.Fire);
      this.#replies.deliver(session, lane);
    };
    const begin = (): void => {
      lane.begin();
      w.u8(SNAPSHOT);
      w.u16(0);
      count = 0;
    };
    begin();
    for (let written = 0; written < most;) {
      const next = params.next();
      if (next.done === true) {
        done = true;
        break;
      }
      if (!this.#isWanted(job, next.value)) {
        written += COST_OF_LOOKING;
        this.#budget -= COST_OF_LOOKING;
        continue;
      }
      for (const entry of this.#entries(job, next.value)) {
        const before = w.at - w.start;
        writeSnapshotEntry(w, entry);
        if (lane.payloadLength > limit && count > 0) {
          w.at = w.start + before; // this one begins the next frame
          finish();
          begin();
          writeSnapshotEntry(w, entry);
        }
        count++;
        written++;
        this.#budget--;
      }
    }
    finish();
    return done;
  }

  #mapStep(job: Job, most: number): boolean {
    const { params } = job;
    for (let written = 0; written < most;) {
      const entries: SnapshotEntry[] = [];
      let looks = 0;
      let bytes = 0;
      while (entries.length < PARAMS_PER_MAP_FRAME && bytes < BYTES_PER_MAP_FRAME && looks < most) {
        const next = params.next();
        if (next.done === true) {
          this.#sendEntries(job, entries);
          return true;
        }
        looks++;
        if (!this.#isWanted(job, next.value)) continue;
        for (const entry of this.#entries(job, next.value)) {
          entries.push(entry);
          bytes += entry.address.length + entry.value.byteLength;
        }
      }
      this.#sendEntries(job, entries);
      const cost = Math.max(entries.length, looks * COST_OF_LOOKING);
      written += cost;
      this.#budget -= cost;
    }
    return false;
  }

  #isWanted({ session, endSerial }: Job, param: Param | undefined): param is Param {
    if (param === undefined) return false;
    return param.serial < endSerial && param.isVisible(this.#nowMicros) && this.#shows(session, param.address);
  }

  /** What a session is told of a param: its value, and those it had before where they are wanted and kept. */
  #entries({ session, history, follow }: Job, param: Param): readonly SnapshotEntry[] {
    this.#told(session, param.address, param.value, follow);
    const past = history > 1 && param.history !== undefined ? param.history.last(history - 1) : [];
    return [...past, param.entry];
  }

  #sendEntries(job: Job, entries: readonly SnapshotEntry[]): void {
    if (entries.length === 0) return;
    const isSent = this.#replies.inPieces(job.session, entries, (params) => ({ type: 'snapshot', params }));
    if (isSent) job.owesOne = false;
  }
}
