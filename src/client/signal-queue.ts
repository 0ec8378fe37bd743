import { check } from '../util/arguments.js';
import { ClientError } from './client-error.js';
import type { Signal } from './signal.js';
import { signalBytes } from './signal-bytes.js';
import type { SignalType } from '../protocol/enumerations.js';

/** Signals in order, for `for await`. */
export interface SignalIterator<T extends SignalType = SignalType> extends AsyncIterableIterator<Signal<T>> {
  /** Signals that were dropped because the buffer was full. */
  readonly dropped: number;
  /** Ends the subscription and drops waiting signals. `for await` calls it when the loop ends. */
  return(): Promise<IteratorResult<Signal<T>, undefined>>;
}

/** Limits of a {@link SignalQueue}. */
export interface QueueLimits {
  readonly signals: number;
  readonly bytes: number;
}

interface WaitingSignal {
  readonly signal: Signal;
  readonly bytes: number;
}

/**
 * Queue between a subscription and a loop that reads slowly. If a signal exceeds a limit, a param replaces its own
 * latest waiting value. Otherwise the queue drops the oldest stream samples and gesture moves, which later ones
 * outdate. Otherwise it drops the oldest signals. A signal that alone exceeds the byte limit waits alone.
 */
export class SignalQueue implements SignalIterator {
  readonly #limits: QueueLimits;
  readonly #onReturn: () => void;
  /** In order. A Map, so that any entry can be replaced or dropped in constant time. */
  readonly #waiting = new Map<number, WaitingSignal>();
  #bytes = 0;
  /** Position of the latest waiting value of each param, and of the waiting signals that later ones outdate. */
  readonly #latest = new Map<string, number>();
  readonly #expendable = new Set<number>();
  readonly #readers: { resolve(result: IteratorResult<Signal, undefined>): void; reject(error: Error): void }[] = [];
  #next = 0;
  #dropped = 0;
  /** Set when no more signals follow. */
  #end: { readonly error: Error | undefined } | undefined;

  /** @param onReturn called once when the reader leaves */
  constructor(limits: QueueLimits, onReturn: () => void) {
    this.#limits = limits;
    this.#onReturn = onReturn;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(signal: Signal): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: signal });
      return;
    }
    const bytes = signalBytes(signal); // computed only here, so that a waiting reader does not pay for it
    if (this.#isFullWith(bytes)) {
      if (this.#replace(signal, bytes)) return;
      while (this.#waiting.size > 0 && this.#isFullWith(bytes)) this.#dropOne();
    }
    const place = this.#next++;
    this.#waiting.set(place, { signal, bytes });
    this.#bytes += bytes;
    if (signal.kind === 'param') this.#latest.set(signal.address, place);
    else if (signal.kind === 'stream' || (signal.kind === 'gesture' && signal.phase === 'move')) {
      this.#expendable.add(place);
    }
  }

  /** Marks the end. Waiting signals can still be read; then the loop ends or throws. */
  finish(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) this.#settleEnd(reader);
  }

  next(): Promise<IteratorResult<Signal, undefined>> {
    const first = this.#take();
    if (first !== undefined) return Promise.resolve({ done: false, value: first });
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#end === undefined) this.#readers.push(reader);
      else this.#settleEnd(reader);
    });
  }

  return(): Promise<IteratorResult<Signal, undefined>> {
    this.#waiting.clear();
    this.#bytes = 0;
    this.#latest.clear();
    this.#expendable.clear();
    if (this.#end === undefined) this.#onReturn();
    this.finish(undefined);
    this.#end = { error: undefined };
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #isFullWith(bytes: number): boolean {
    return this.#waiting.size >= this.#limits.signals || this.#bytes + bytes > this.#limits.bytes;
  }

  #take(): Signal | undefined {
    for (const [place, { signal }] of this.#waiting) {
      this.#remove(place);
      return signal;
    }
    return undefined;
  }

  /**
   * Drops the latest waiting value of the same param.
   *
   * @returns whether the new value takes its position; a value that is too large does not
   */
  #replace(signal: Signal, bytes: number): boolean {
    const place = signal.kind === 'param' ? this.#latest.get(signal.address) : undefined;
    if (place === undefined) return false;
    const older = this.#waiting.get(place)!; // invariant: #latest lists waiting signals only
    if (this.#bytes - older.bytes + bytes > this.#limits.bytes) {
      this.#drop(place);
      return false;
    }
    this.#dropped++;
    this.#bytes += bytes - older.bytes;
    this.#waiting.set(place, { signal, bytes });
    return true;
  }

  #dropOne(): void {
    for (const place of this.#expendable) return this.#drop(place);
    for (const place of this.#waiting.keys()) return this.#drop(place);
  }

  #drop(place: number): void {
    this.#dropped++;
    this.#remove(place);
  }

  #remove(place: number): void {
    const { signal, bytes } = this.#waiting.get(place)!; // invariant: callers pass an occupied position
    this.#waiting.delete(place);
    this.#expendable.delete(place);
    this.#bytes -= bytes;
    if (signal.kind === 'param' && this.#latest.get(signal.address) === place) this.#latest.delete(signal.address);
  }

  /** The error is thrown once. After that the iterator is done, as the iterator protocol requires. */
  #settleEnd(reader: { resolve(result: IteratorResult<Signal, undefined>): void; reject(error: Error): void }): void {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }
}

/** @throws ArgumentError unless both are whole numbers from 1 */
export function checkQueueLimits({ signals, bytes }: QueueLimits): void {
  check(Number.isSafeInteger(signals) && signals >= 1, 'bufferSize', 'be a whole number from 1', signals);
  check(Number.isSafeInteger(bytes) && bytes >= 1, 'bufferBytes', 'be a whole number from 1', bytes);
}

/** Returns the error that a loop over signals throws if the program did not close the client. */
export function endOfSignals(reason: Error | undefined): Error | undefined {
  return reason && new ClientError('closed', `the client has closed: ${reason.message}`, reason);
}
