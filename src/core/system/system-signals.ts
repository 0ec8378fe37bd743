import type { systemOptions } from './system-options.js';
import type { OptionValues } from '../../util/option.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { ParamStore } from '../params/param-store.js';
import { type Departure, Presence } from './presence.js';
import type { RouterSession } from '../session.js';
import type { SignalRouter } from '../delivery/signal-router.js';
import type { Statistics } from './statistics.js';
import { SYSTEM_SEGMENT } from './system-addresses.js';
import { SystemParams } from './system-params.js';

/** Interval of updates to subscribers. */
const PERIOD_MICROS = 1_000_000;
/** Minimum age of the statistics before a read recomputes them. */
const LEAST_PERIOD_MICROS = 100_000;

export interface SystemSignalsOptions extends OptionValues<typeof systemOptions> {
  readonly name: string;
  readonly version: string;
}

/**
 * Publishes the state of the router below `/$clasp`: ordinary params and events that only the router writes. Without a
 * subscription by name, none of it is computed or stored.
 */
export class SystemSignals {
  readonly #options: SystemSignalsOptions;
  readonly #routing: SignalRouter;
  readonly #sessions: ReadonlyMap<string, RouterSession>;
  readonly #statistics: () => Statistics;
  readonly #params: SystemParams;
  readonly #presence: Presence | undefined;
  readonly #offsets: ClockOffsets;
  readonly #startedMicros: number;
  /** Counters at the start of the period of the rates. */
  #before: { readonly messages: number; readonly deliveries: number; readonly micros: number };
  #refreshedMicros = -Infinity;

  constructor(
    options: SystemSignalsOptions & { readonly nowMicros: () => number },
    routing: SignalRouter,
    sessions: ReadonlyMap<string, RouterSession>,
    statistics: () => Statistics,
    offsets: ClockOffsets,
  ) {
    this.#options = options;
    this.#routing = routing;
    this.#sessions = sessions;
    this.#statistics = statistics;
    this.#params = new SystemParams(routing);
    this.#presence = options.presence ? new Presence(this.#params, routing, offsets) : undefined;
    this.#offsets = offsets;
    this.#startedMicros = options.nowMicros();
    this.#before = { messages: 0, deliveries: 0, micros: this.#startedMicros };
  }

  get params(): ParamStore {
    return this.#params.store;
  }

  /** When {@link runDue} has work; Infinity without subscribers. */
  get dueMicros(): number {
    return this.#hasSubscribers ? this.#refreshedMicros + PERIOD_MICROS : Infinity;
  }

  runDue(nowMicros: number): void {
    if (nowMicros >= this.dueMicros) this.#refresh(nowMicros);
  }

  joined(session: RouterSession, nowMicros: number): void {
    if (this.#hasSubscribers) this.#presence?.joined(session, nowMicros);
  }

  left(session: RouterSession, departure: Departure, nowMicros: number): void {
    if (this.#hasSubscribers) this.#presence?.left(session, departure, nowMicros);
  }

  /** Prepares for a read. A flood of reads does not recompute all params each time. */
  asked(nowMicros: number): void {
    if (nowMicros >= this.#refreshedMicros + LEAST_PERIOD_MICROS) this.#refresh(nowMicros);
  }

  /** Updates all params and notifies the subscribers of changes. */
  #refresh(nowMicros: number): void {
    this.#refreshedMicros = nowMicros;
    const { name, version } = this.#options;
    const { counts, totals, drops, schedule } = this.#statistics();
    const say = (path: string, value: string | number | bigint): void => {
      this.#params.write(`/$clasp/${path}`, value, nowMicros);
    };
    say('name', name);
    say('version', version);
    say('startedAt', BigInt(this.#startedMicros + this.#offsets.protocolAheadMicros));
    say('uptimeSeconds', BigInt(Math.floor((nowMicros - this.#startedMicros) / 1_000_000)));
    for (const [group, numbers] of Object.entries({ counts, totals, drops: { ...drops }, schedule })) {
      for (const [key, number] of Object.entries<number>(numbers)) say(`${group}/${key}`, BigInt(Math.round(number)));
    }
    this.#refreshRates(totals, nowMicros, say);
    this.#presence?.refresh(this.#sessions, nowMicros);
  }

  /** Rates cover the last whole period: a second subscriber in between does not shorten it. */
  #refreshRates(
    { messages, deliveries }: Statistics['totals'],
    nowMicros: number,
    say: (path: string, value: number) => void,
  ): void {
    const { micros } = this.#before;
    if (nowMicros - micros < PERIOD_MICROS) return;
    const seconds = (nowMicros - micros) / 1_000_000;
    say('rates/messages', (messages - this.#before.messages) / seconds);
    say('rates/deliveries', (deliveries - this.#before.deliveries) / seconds);
    this.#before = { messages, deliveries, micros: nowMicros };
  }

  get #hasSubscribers(): boolean {
    return this.#routing.hasSubscribersBelow(SYSTEM_SEGMENT);
  }
}
