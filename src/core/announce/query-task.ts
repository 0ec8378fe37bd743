import type { SignalDefinition } from '../../protocol/messages/message.js';
import { HEADER_BYTES } from '../../protocol/header.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import type { Pattern } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import type { Announced } from './announced-signal.js';
import { KeyedHeap } from '../quotas/keyed-heap.js';
import { definitionSize, type ResultEncoding, resultOverhead } from './result-size.js';
import type { RouterSession } from '../session.js';
import type { Task } from '../scheduling/session-tasks.js';
import type { SignalDirectory } from './signal-directory.js';

/** Sources of a reply. */
export interface QueryPorts {
  readonly signals: SignalDirectory;
  /** Whether an address is visible to a session, regardless of its scopes. */
  readonly isVisible: (session: RouterSession, address: string) => boolean;
  /** Sends one RESULT, which fits a frame. */
  readonly send: (session: RouterSession, signals: readonly SignalDefinition[]) => void;
  /** The time of this batch. */
  readonly nowMicros: () => number;
  /** Whether memory for the maximum result is available. If not, it is called again in a later turn. */
  readonly mayBegin: (task: QueryTask) => boolean;
  /** Called after the last part of the reply was sent. */
  readonly answered: (task: QueryTask) => void;
}

/** Steps of checking a definition, and of adding a found one to the heap and removing it. */
const LOOK_STEPS = 3;
const ORDER_STEPS = 20;
/** Steps of writing a definition, in binary and in an encoding with maps. */
const BINARY_STEPS = 10;
const MAP_STEPS = 100;
/**
 * A full frame takes all steps of a slice, so a session that reads nothing has at most one frame per slice in its
 * outbox.
 */
const STEPS_PER_BYTE = 1 / 4;

/**
 * The reply to one QUERY, in slices. First it finds all definitions announced before the QUERY. Then it sends them in
 * the order of the last ANNOUNCE, in as few RESULTs as possible. Each definition is sent in its state when its RESULT
 * is written: one that was announced again is sent with its new content in its old position, and a removed one is
 * omitted.
 *
 * Until it completes, it uses 16 bytes per definition found.
 */
export class QueryTask implements Task {
  readonly session: RouterSession;
  readonly pattern: Pattern;
  isDone = false;
  /** Called directly after the reply. */
  next: (() => void) | undefined;
  readonly #ports: QueryPorts;
  readonly #counter = new StepCounter();
  /** undefined before the start and after everything was found. */
  #walk: Iterator<Announced | undefined> | undefined;
  /** Later announcements are not part of the reply. */
  readonly #endSerial: number;
  readonly #found = new KeyedHeap<Announced>();
  #hasBegun = false;
  /** Definitions of the next RESULT. */
  #packed: SignalDefinition[] = [];
  #packedBytes = 0;
  #hasSent = false;

  constructor(session: RouterSession, pattern: Pattern, ports: QueryPorts) {
    this.session = session;
    this.pattern = pattern;
    this.#ports = ports;
    this.#endSerial = ports.signals.nextSerial;
  }

  run(maxSteps: number): number {
    const first = this.#counter.steps;
    const last = first + maxSteps;
    if (!this.#hasBegun) {
      if (!this.#ports.mayBegin(this)) return 1;
      this.#hasBegun = true;
      this.#walk = this.#ports.signals.walk(this.pattern, this.#counter);
    }
    this.#find(last);
    if (this.#walk === undefined) this.#pack(last);
    return Math.max(1, this.#counter.steps - first);
  }

  failed(): void {
    this.#ports.answered(this);
  }

  #find(lastStep: number): void {
    const nowMicros = this.#ports.nowMicros();
    while (this.#walk !== undefined && this.#counter.steps < lastStep) {
      this.#counter.steps += LOOK_STEPS;
      const next = this.#walk.next();
      if (next.done === true) {
        this.#walk = undefined;
        return;
      }
      const one = next.value?.at(nowMicros);
      if (one === undefined || one.firstSerial >= this.#endSerial) continue;
      this.#counter.steps += ORDER_STEPS;
      this.#found.push(one.serial, one);
    }
  }

  #pack(lastStep: number): void {
    const nowMicros = this.#ports.nowMicros();
    while (this.#counter.steps < lastStep) {
      const found = this.#found.pop();
      if (found === undefined) return this.#finish();
      this.#counter.steps += LOOK_STEPS;
      const one = found.at(nowMicros);
      if (one === undefined || !this.#canSee(one.address)) continue;
      const bytes = this.#bytesOf(one);
      if (this.#packed.length > 0 && !this.#fits(bytes)) this.#send();
      this.#packed.push(one.definition);
      this.#packedBytes += bytes;
    }
  }

  #finish(): void {
    if (this.#packed.length > 0 || !this.#hasSent) this.#send();
    this.isDone = true;
    this.#ports.answered(this);
  }

  #send(): void {
    this.#counter.steps += Math.ceil(Math.min(this.#packedBytes, MAX_PAYLOAD_BYTES) * STEPS_PER_BYTE);
    this.#ports.send(this.session, this.#packed);
    this.#packed = [];
    this.#packedBytes = 0;
    this.#hasSent = true;
  }

  /** Whether the session can see an announced address, or all addresses of a pattern. */
  #canSee(address: Pattern): boolean {
    const { permissions } = this.session;
    const mayRead = permissions.isUnrestricted || permissions.covers('read', address, this.#counter);
    return mayRead && this.#ports.isVisible(this.session, address);
  }

  /** Whether the next RESULT has room for a definition. */
  #fits(bytes: number): boolean {
    const overhead = resultOverhead(this.#encoding, this.#packed.length + 1);
    return overhead + this.#packedBytes + bytes <= this.#maxBytes;
  }

  /** Maximum payload bytes of a RESULT. JSON text has no frame limit, so the same limit applies. */
  get #maxBytes(): number {
    const { maxFrameBytes = Infinity } = this.session.link;
    return Math.min(MAX_PAYLOAD_BYTES, this.#encoding === 'json' ? Infinity : maxFrameBytes - HEADER_BYTES);
  }

  /** In-process RESULTs are split as in binary. */
  get #encoding(): ResultEncoding {
    const { encoding } = this.session.form;
    return encoding === 'none' ? 'binary' : encoding;
  }

  /** Returns the bytes of a definition in a RESULT, computed once. */
  #bytesOf({ definition, resultBytes }: Announced): number {
    const encoding = this.#encoding;
    const steps = encoding === 'binary' ? BINARY_STEPS : MAP_STEPS;
    this.#counter.steps += steps;
    if (resultBytes[encoding] > 0) return resultBytes[encoding];
    this.#counter.steps += steps;
    resultBytes[encoding] = definitionSize(encoding, definition);
    return resultBytes[encoding];
  }
}
