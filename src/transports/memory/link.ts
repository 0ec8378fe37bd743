import { copyBytes } from '../../protocol/bytes/copy.js';
import type { Observable } from 'rxjs';
import { type Clock, systemClock } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { Deframer } from '../../protocol/deframer.js';
import { DecodeError } from '../../protocol/errors.js';
import { BufferedSubject } from '../../net/buffered-subject.js';
import { CLOSE_GRACE_MS, type Connection, ConnectionLost, CUT_BY_THIS_SIDE, type InboundFrame } from '../transport.js';
import type { CloseReason } from '../../util/close-reason.js';
import { MemoryWire, type Parcel } from './memory-wire.js';

export interface MemoryLinkOptions {
  /** Milliseconds from a write to its arrival, each way. 0 delivers in the next microtask. @default 0 */
  readonly latencyMs?: number | undefined;
  /** Share of whole frames that vanish, 0 to 1, as on a datagram transport. @default 0 */
  readonly lossRatio?: number | undefined;
  /** 0 up to but not including 1; decides which frames vanish. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
  /** What the server's end gives as its peer's address. @default 'memory' */
  readonly remoteAddress?: string | undefined;
}

/** One end of a link inside the process. */
export interface MemoryConnection extends Connection {
  /** Why the other end closed, once `batches$` has completed because of that. */
  readonly closeReason: CloseReason | undefined;
  /** Stops reading, as a frozen tablet does: what the other end writes stays in its `bufferedBytes`. */
  stall(): void;
  /** Reads again. */
  resume(): void;
}

/** The end a client holds. */
export interface MemoryClient extends MemoryConnection {
  /** Sends one JSON message. */
  sendText(text: string): void;
}

export interface MemoryLink {
  readonly client: MemoryClient;
  readonly server: MemoryConnection;
}

/**
 * Two connections that are each other's peer. Bytes are copied when written, cut into whole frames and delivered later,
 * in order: one batch for each write.
 */
export function memoryLink(options: MemoryLinkOptions = {}): MemoryLink {
  const settings: Settings = {
    latencyMs: options.latencyMs ?? 0,
    lossRatio: options.lossRatio ?? 0,
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
  };
  const client = new MemoryEnd('memory', settings, false);
  const server = new MemoryEnd(options.remoteAddress ?? 'memory', settings, true);
  MemoryEnd.join(client, server);
  return { client, server };
}

interface Settings {
  readonly latencyMs: number;
  readonly lossRatio: number;
  readonly random: () => number;
  readonly clock: Clock;
}

class MemoryEnd implements MemoryClient {
  readonly transport = 'memory';
  readonly framing = 'raw';
  readonly encoding = undefined;
  readonly remoteAddress: string;
  readonly batches$: Observable<readonly InboundFrame[]>;
  closeReason: CloseReason | undefined;

  readonly #settings: Settings;
  readonly #isServer: boolean;
  readonly #batches: BufferedSubject<readonly InboundFrame[]>;
  readonly #deframer = new Deframer();
  /** What travels to this end. */
  readonly #inbound: MemoryWire;
  /** Set by {@link join}, before anybody sees either end. */
  #other!: MemoryEnd;
  #phase: 'open' | 'closing' | 'done' = 'open';
  #subscribed = false;
  #stalled = false;
  #graceDeadline: PeerDeadline | undefined;

  constructor(remoteAddress: string, settings: Settings, isServer: boolean) {
    this.remoteAddress = remoteAddress;
    this.#settings = settings;
    this.#isServer = isServer;
    const { latencyMs, clock } = settings;
    this.#inbound = new MemoryWire({ latencyMs, clock, deliver: this.#receive });
    this.#batches = new BufferedSubject(() => {
      this.#subscribed = true;
      this.#updateReading();
    });
    this.batches$ = this.#batches.observable;
  }

  static join(one: MemoryEnd, two: MemoryEnd): void {
    one.#other = two;
    two.#other = one;
  }

  get drained$(): Observable<void> {
    return this.#other.#inbound.drained$.asObservable();
  }

  get bufferedBytes(): number {
    return this.#other.#inbound.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#phase === 'open') this.#other.#inbound.send({ kind: 'bytes', bytes: copyBytes(bytes) });
  }

  sendText(text: string): void {
    if (this.#phase === 'open') this.#other.#inbound.send({ kind: 'text', text });
  }

  stall(): void {
    this.#stalled = true;
    this.#updateReading();
  }

  resume(): void {
    this.#stalled = false;
    this.#updateReading();
  }

  close(reason: CloseReason): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#other.#inbound.send({ kind: 'goodbye', reason });
    const { clock, latencyMs } = this.#settings;
    const giveUp = (): void =>
      this.#part(undefined, new ConnectionLost('the peer closed while this end was not reading'));
    this.#graceDeadline = setPeerDeadline(clock, giveUp, latencyMs + CLOSE_GRACE_MS);
  }

  destroy(text = CUT_BY_THIS_SIDE): void {
    this.#part(new ConnectionLost(text), new ConnectionLost('the connection was cut by the peer'));
  }

  #updateReading(): void {
    this.#inbound.reading = this.#subscribed && !this.#stalled && this.#phase !== 'done';
  }

  readonly #receive = (parcel: Parcel): void => {
    switch (parcel.kind) {
      case 'goodbye':
        this.closeReason = parcel.reason;
        this.#part(this.#isServer ? lossOf(parcel.reason) : undefined, undefined);
        return;
      case 'text':
        this.#emit([parcel.text]);
        return;
      case 'bytes':
        this.#emit(this.#cutIntoFrames(parcel.bytes));
    }
  };

  #emit(frames: readonly InboundFrame[]): void {
    if (this.#phase !== 'open') return; // closing: what the peer still says is dropped
    const { lossRatio, random } = this.#settings;
    const arrived = lossRatio === 0 ? frames : frames.filter(() => random() >= lossRatio);
    if (arrived.length > 0) this.#batches.next(arrived);
  }

  #cutIntoFrames(bytes: Uint8Array): readonly InboundFrame[] {
    try {
      return this.#deframer.push(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const fault = new ConnectionLost(`the peer sent bytes that are no frame: ${error.message}`, { cause: error });
      this.#part(fault, new ConnectionLost('the peer cut the connection: it was sent bytes that are no frame'));
      return [];
    }
  }

  /** Ends both ends. Told later, as on a real network: nobody is called back from inside his own call. */
  #part(fault: ConnectionLost | undefined, faultOfOther: ConnectionLost | undefined): void {
    if (this.#phase === 'done') return;
    this.#end(fault);
    this.#other.#end(faultOfOther);
  }

  #end(fault: ConnectionLost | undefined): void {
    this.#phase = 'done';
    this.#graceDeadline?.clear();
    this.#inbound.cut();
    queueMicrotask(() => {
      if (fault === undefined) this.#batches.complete();
      else this.#batches.error(fault);
    });
  }
}

/** As over WebSocket: a client that closes with another reason than `normal` has not left. */
function lossOf({ kind }: CloseReason): ConnectionLost | undefined {
  return kind === 'normal' ? undefined : new ConnectionLost(`the peer closed with the reason ${kind}`);
}
