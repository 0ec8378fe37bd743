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
  /** Milliseconds from a write to its delivery, in each direction. 0 delivers in the next microtask. @default 0 */
  readonly latencyMs?: number | undefined;
  /** Ratio of complete frames that are lost, 0 to 1, as on a datagram transport. @default 0 */
  readonly lossRatio?: number | undefined;
  /** Returns a number from 0 up to but excluding 1, which decides which frames are lost. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
  /** The peer's address at the server's end. @default 'memory' */
  readonly remoteAddress?: string | undefined;
}

/** One end of an in-process link. */
export interface MemoryConnection extends Connection {
  /** The reason of the other end, after its close has completed `batches$`. */
  readonly closeReason: CloseReason | undefined;
  /** Stops reading, like a frozen tablet. Bytes that the other end writes stay in its `bufferedBytes`. */
  stall(): void;
  /** Continues reading. */
  resume(): void;
}

/** The client's end. */
export interface MemoryClient extends MemoryConnection {
  /** Sends one JSON message. */
  sendText(text: string): void;
}

export interface MemoryLink {
  readonly client: MemoryClient;
  readonly server: MemoryConnection;
}

/**
 * Creates two connections that are each other's peer. Bytes are copied when written, split into complete frames and
 * delivered later, in order, with one batch per write.
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
  /** The wire towards this end. */
  readonly #inbound: MemoryWire;
  /** Set by {@link join} before either end is used. */
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
    const expire = (): void =>
      this.#part(undefined, new ConnectionLost('the peer closed while this end was not reading'));
    this.#graceDeadline = setPeerDeadline(clock, expire, latencyMs + CLOSE_GRACE_MS);
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
    if (this.#phase !== 'open') return; // While closing, input of the peer is dropped.
    const { lossRatio, random } = this.#settings;
    const arrived = lossRatio === 0 ? frames : frames.filter(() => random() >= lossRatio);
    if (arrived.length > 0) this.#batches.next(arrived);
  }

  #cutIntoFrames(bytes: Uint8Array): readonly InboundFrame[] {
    try {
      return this.#deframer.push(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const fault = new ConnectionLost(`the peer sent bytes that are not a frame: ${error.message}`, { cause: error });
      this.#part(fault, new ConnectionLost('the peer cut the connection: it was sent bytes that are not a frame'));
      return [];
    }
  }

  /** Ends both ends. They are notified later, as on a real network, never during their own call. */
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

/** As over WebSocket: a client that closes with another reason than `normal` is lost. */
function lossOf({ kind }: CloseReason): ConnectionLost | undefined {
  return kind === 'normal' ? undefined : new ConnectionLost(`the peer closed with the reason ${kind}`);
}
