import type {
  BundleItem,
  BundleOptions,
  Client,
  OnOptions,
  Param,
  PlainValue,
  PublishOptions,
  SetOptions,
  SetResult,
  Signal,
  SignalsOptions,
  StreamContent,
  StreamOptions,
  TimelineInput,
  Unsubscribe,
} from '../client/index.js';
import { check, checkFunction, checkOptionsObject } from '../util/arguments.js';
import { checkItem } from '../client/item-check.js';
import { checkTypes } from '../client/subscription.js';
import { parseAddress } from '../protocol/address.js';
import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { U64 } from '../protocol/u64.js';
import { EncodedValue } from '../protocol/values/encoded-value.js';
import { Arrivals, type PlainParam, type PlainSignal } from './arrivals.js';
import type { Signals } from './signals.js';

/** The run-time part of `typed()`: a client that validates sent and received values. */
export class CheckedClient {
  readonly #client: Client;
  readonly #signals: Signals;
  readonly #checks: boolean;
  readonly #arrivals: Arrivals;

  constructor(client: Client, signals: Signals, options: CheckedOptions) {
    const { check: checks = true, onRefused } = options;
    this.#client = client;
    this.#signals = signals;
    this.#checks = checks;
    this.#arrivals = new Arrivals(signals, checks, onRefused);
  }

  async set(address: string, value: PlainValue, options?: SetOptions): Promise<SetResult | undefined> {
    this.#check({ kind: 'param', address, value });
    return this.#client.set(address, value, options);
  }

  async get(address: string): Promise<PlainParam | undefined> {
    const param = await this.#client.get(address);
    return param && this.#arrivals.param(param, refuse);
  }

  cached(address: string): PlainParam | undefined {
    const param = this.#client.cached(address);
    return param && this.#arrivals.param(param, () => undefined);
  }

  emit(address: string, value?: PlainValue, options?: PublishOptions): boolean {
    this.#check({ kind: 'event', address, value });
    return this.#client.emit(address, value, options);
  }

  stream(address: string, value: StreamContent, options?: StreamOptions): boolean {
    this.#check({ kind: 'stream', address, value });
    return this.#client.stream(address, value, options);
  }

  gesture(address: string, id: number, phase: GesturePhase, value?: PlainValue, options?: PublishOptions): boolean {
    this.#check({ kind: 'gesture', address, id, phase, value });
    return this.#client.gesture(address, id, phase, value, options);
  }

  timeline(address: string, timeline: TimelineInput, options?: PublishOptions): boolean {
    this.#check({ kind: 'timeline', address, timeline });
    return this.#client.timeline(address, timeline, options);
  }

  async bundle(
    items: readonly BundleItem[],
    options?: BundleOptions,
  ): Promise<{ readonly revision?: U64 | undefined }> {
    check(Array.isArray(items), 'the items of bundle', 'be a list', items);
    for (const item of items) this.#check(item);
    return this.#client.bundle(items, options);
  }

  on(pattern: string, listener: (signal: PlainSignal) => void, options: OnOptions = {}): Unsubscribe {
    checkOptionsObject('on', options);
    checkFunction('the listener of on', listener);
    const deliver = (signal: Signal): void => {
      const arrived = this.#arrivals.signal(signal);
      if (arrived !== undefined) listener(arrived);
    };
    return this.#client.on(this.#signals.subscribed(pattern), deliver, {
      ...options,
      types: this.#types(pattern, options),
    });
  }

  signals(pattern: string, options: SignalsOptions = {}): PlainIterator {
    checkOptionsObject('signals', options);
    const types = this.#types(pattern, options);
    const signals = this.#client.signals(this.#signals.subscribed(pattern), { ...options, types });
    const arrivals = this.#arrivals;
    return {
      get dropped() {
        return signals.dropped;
      },
      async next() {
        for (;;) {
          const result = await signals.next();
          if (result.done === true) return result;
          const arrived = arrivals.signal(result.value);
          if (arrived !== undefined) return { done: false, value: arrived };
        }
      },
      async return() {
        await signals.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Returns the signal types that are defined at a pattern. Only these are requested from the router. */
  #types(pattern: string, { types }: OnOptions): readonly SignalType[] {
    if (types !== undefined) checkTypes(types);
    const defined = new Set([...this.#signals.meeting(pattern)].map(({ type }) => type));
    const wanted = [...defined].filter((type) => types === undefined || types.length === 0 || types.includes(type));
    if (wanted.length > 0) return wanted;
    const kinds = types === undefined || types.length === 0 ? 'signal' : types.join(' or ');
    throw new ClaspError(ErrorCode.PatternError, `no ${kinds} is defined at ${pattern}`, { address: pattern });
  }

  /** @throws ClaspError 200 or 402 for a value that does not fit, ArgumentError for an invalid item */
  #check(item: BundleItem): void {
    if (!this.#checks) return;
    checkItem(item);
    const { kind } = item;
    const address = parseAddress(item.address);
    const signal = this.#signals.at(address);
    if (signal === undefined) throw refused('no signal is defined at this address', address);
    const reason =
      signal.type !== kind
        ? `this address is defined as ${signal.type}, not as ${kind}`
        : item.kind === 'timeline'
          ? signal.timelineFault(
              item.timeline.keyframes.map(({ value }) => (isEncoded(value) ? signal.content(value.decode()) : value)),
            )
          : signal.fault(contentOf(item), item.kind === 'gesture' ? item.phase : undefined);
    if (reason !== undefined) throw refused(reason, address);
  }
}

interface CheckedOptions {
  readonly check?: boolean | undefined;
  readonly onRefused?: ((signal: Signal, reason: string) => void) | undefined;
}

interface PlainIterator extends AsyncIterableIterator<PlainSignal> {
  readonly dropped: number;
  return(): Promise<IteratorResult<PlainSignal, undefined>>;
}

function contentOf(item: Exclude<BundleItem, { readonly kind: 'timeline' }>): unknown {
  const { value } = item;
  return value instanceof Float32Array || value instanceof Float64Array ? [...value] : value;
}

function isEncoded(value: PlainValue | EncodedValue): value is EncodedValue {
  return value instanceof EncodedValue;
}

function refused(reason: string, address: string): ClaspError {
  return new ClaspError(ErrorCode.InvalidValue, reason, { address });
}

function refuse(param: Param, reason: string): never {
  throw refused(reason, param.address);
}
