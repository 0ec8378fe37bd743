import { check } from '../arguments.js';
import { ClientError } from './client-error.js';
import type { Signal } from './signal.js';
import type { SignalType } from '../protocol/enumerations.js';

/** Signals one after the other, for `for await`. */
export interface SignalIterator<T extends SignalType = SignalType> extends AsyncIterableIterator<Signal<T>> {
  /** Signals that were dropped because the buffer was full. */
  readonly dropped: number;
  /** Ends the subscription and drops what waits. `for await` calls it when the loop is left. */
  return(): Promise<IteratorResult<Signal<T>, undefined>>;
}

/**
 * What waits between a subscription and a loop that takes its time. Nothing is lost while there is room. When there is none, a
 * param takes the place of an older value of its own; otherwise the oldest stream sample or gesture move goes, because later ones
 * outdate it; and only where nothing such waits, the oldest of all.
 */
export class SignalQueue implements SignalIterator {
  readonly #limit: number;
  readonly #onReturn: () => void;
  /** In order; a Map, so that something in the middle can be replaced or dropped at once. */
  readonly #waiting = new Map<number, Signal>();
  /** Where the latest waiting value of each param is, and which waiting ones are outdated by later ones. */
  readonly #latest = new Map<string, number>();
  readonly #expendable = new Set<number>();
  readonly #readers: { resolve(result: IteratorResult<Signal, undefined>): void; reject(error: Error): void }[] = [];
  #next = 0;
  #dropped = 0;
  /** Set when nothing more comes. */
  #end: { readonly error: Error | undefined } | undefined;

  /** @param onReturn is called once when the reader leaves */
  constructor(limit: number, onReturn: () => void) {
    this.#limit = limit;
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
    if (this.#waiting.size >= this.#limit) {
      this.#dropped++;
      if (this.#replace(signal)) return;
      this.#dropOne();
    }
    const place = this.#next++;
    this.#waiting.set(place, signal);
    if (signal.kind === 'param') this.#latest.set(signal.address, place);
    else if (signal.kind === 'stream' || (signal.kind === 'gesture' && signal.phase === 'move')) {
      this.#expendable.add(place);
    }
  }

  /** Nothing more comes. What waits can still be read, then the loop ends, or throws. */
  finish(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
  }

  next(): Promise<IteratorResult<Signal, undefined>> {
    const first = this.#take();
    if (first !== undefined) return Promise.resolve({ done: false, value: first });
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.#end === undefined) this.#readers.push(reader);
      else this.#tellEnd(reader);
    });
  }

  return(): Promise<IteratorResult<Signal, undefined>> {
    this.#waiting.clear();
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

  #take(): Signal | undefined {
    for (const [place, signal] of this.#waiting) {
      this.#remove(place, signal);
      return signal;
    }
    return undefined;
  }

  /** @returns whether a param has found an older value of its own to replace */
  #replace(signal: Signal): boolean {
    const place = signal.kind === 'param' ? this.#latest.get(signal.address) : undefined;
    if (place === undefined) return false;
    this.#waiting.set(place, signal); // keeps its place
    return true;
  }

  #dropOne(): void {
    for (const place of this.#expendable) return this.#remove(place, this.#waiting.get(place)!); // what it lists waits
    for (const [place, signal] of this.#waiting) return this.#remove(place, signal);
  }

  #remove(place: number, signal: Signal): void {
    this.#waiting.delete(place);
    this.#expendable.delete(place);
    if (signal.kind === 'param' && this.#latest.get(signal.address) === place) this.#latest.delete(signal.address);
  }

  /** The error is thrown once; after that the iterator is done, as iterators are. */
  #tellEnd(reader: { resolve(result: IteratorResult<Signal, undefined>): void; reject(error: Error): void }): void {
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }
}

/** @throws ArgumentError unless it is a whole number from 1 */
export function checkBufferSize(size: number): void {
  check(Number.isSafeInteger(size) && size >= 1, 'bufferSize', 'be a whole number from 1', size);
}

/** What a loop over signals throws when the client was not closed by the program. */
export function endOfSignals(reason: Error | undefined): Error | undefined {
  return reason && new ClientError('closed', `the client has closed: ${reason.message}`, reason);
}
