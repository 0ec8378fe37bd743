import { Subject } from 'rxjs';
import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import type { CloseReason } from '../../util/close-reason.js';

/** An item on a wire. A close is always the last. */
export type Parcel =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'goodbye'; readonly reason: CloseReason };

/**
 * One direction of an in-memory link. Delivers parcels later and in order, while the reader reads. Undelivered parcels
 * correspond to the buffered bytes of a socket.
 */
export class MemoryWire {
  readonly drained$ = new Subject<void>();
  #queue: { readonly parcel: Parcel; readonly dueAt: number }[] = [];
  #bufferedBytes = 0;
  #planned = false;
  #reading = false;
  readonly #latencyMs: number;
  readonly #clock: Clock;
  readonly #deliver: (parcel: Parcel) => void;

  constructor(options: {
    readonly latencyMs: number;
    readonly clock: Clock;
    readonly deliver: (parcel: Parcel) => void;
  }) {
    this.#latencyMs = options.latencyMs;
    this.#clock = options.clock;
    this.#deliver = options.deliver;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Whether the reader accepts parcels. Initially false. */
  set reading(reading: boolean) {
    this.#reading = reading;
    this.#plan();
  }

  send(parcel: Parcel): void {
    this.#queue.push({ parcel, dueAt: this.#clock.now() + this.#latencyMs });
    this.#bufferedBytes += sizeOf(parcel);
    this.#plan();
  }

  /** Drops all parcels, now and later. */
  cut(): void {
    this.#reading = false;
    this.#queue = [];
    this.#bufferedBytes = 0;
    this.drained$.complete();
  }

  #plan(): void {
    const head = this.#queue[0];
    if (head === undefined || !this.#reading || this.#planned) return;
    this.#planned = true;
    if (this.#latencyMs === 0) queueMicrotask(this.#run);
    else setBackgroundTimer(this.#clock, this.#run, Math.max(0, head.dueAt - this.#clock.now()));
  }

  readonly #run = (): void => {
    this.#planned = false;
    const bufferedBefore = this.#bufferedBytes;
    // Only due parcels: real timers can fire slightly early, and the next parcel may have been sent much later.
    while (
      this.#reading &&
      this.#queue.length > 0 &&
      (this.#latencyMs === 0 || this.#queue[0]!.dueAt <= this.#clock.now())
    ) {
      const { parcel } = this.#queue.shift()!;
      this.#bufferedBytes -= sizeOf(parcel);
      this.#deliver(parcel);
    }
    if (bufferedBefore > 0 && this.#bufferedBytes === 0) this.drained$.next();
    this.#plan();
  };
}

function sizeOf(parcel: Parcel): number {
  switch (parcel.kind) {
    case 'bytes':
      return parcel.bytes.length;
    case 'text':
      return parcel.text.length;
    case 'goodbye':
      return 0;
  }
}
