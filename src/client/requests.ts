import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setAwaitedDeadline } from '../util/peer-deadline.js';
import type { Message } from '../protocol/messages/message.js';
import { ClientError } from './client-error.js';

/**
 * Whether a message from the router answers a request: `done` if that was all, `part` if more may come; undefined if the
 * message is none of this request's, and the next younger one is asked.
 */
export type Verdict = 'done' | 'part' | undefined;

export interface Settle<A> {
  resolve(answer: A): void;
  reject(error: Error): void;
}

/** A request and how its answer is recognised. */
export interface RequestRules<A> {
  /** `SET /lights/1`, for messages about it. */
  readonly label: string;
  take(message: Message, settle: Settle<A>): Verdict;
  /**
   * The router has answered what was sent after it. Absent: over a reliable link that means that no answer will come, and
   * the request is rejected.
   */
  passed?(settle: Settle<A>): void;
}

interface Pending {
  readonly label: string;
  readonly deadlineMs: number;
  /** Its time is over. It stays, so that an answer that comes late is not taken for another's. */
  expired: boolean;
  take(message: Message): Verdict;
  passed(): boolean;
  reject(error: Error): void;
}

/** Requests that wait or have expired, beyond which the oldest expired are forgotten: of a router that answers nothing for hours. */
const MAX_REMEMBERED = 10_000;

export interface RequestsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Whether answers come all and in order. */
  readonly reliable: boolean;
  /** Called when a request has had no answer in time; something should be sent then whose answer {@link Requests.passed} can be told of. */
  readonly onExpired: () => void;
}

/**
 * Requests that wait for their answer, oldest first. Routers put no correlation ids into answers but answer in order, so
 * an answer belongs to the oldest request that it fits.
 */
export class Requests {
  readonly #options: RequestsOptions;
  /** By their order, which is that of insertion as well. */
  readonly #pending = new Map<number, Pending>();
  #lastOrder = 0;
  #deadline: PeerDeadline | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** The order of the youngest request so far. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  /**
   * Waits for the answer to what is being sent.
   *
   * @returns rejects with the router's ClaspError, or a ClientError `timeout`, `lost`, `unanswered` or `closed`
   */
  add<A>(rules: RequestRules<A>): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      const settle: Settle<A> = { resolve, reject };
      const { label } = rules;
      this.#pending.set(++this.#lastOrder, {
        label,
        deadlineMs: this.#options.clock.now() + this.#options.timeoutMs,
        expired: false,
        take: (message) => rules.take(message, settle),
        passed: () => {
          rules.passed?.(settle);
          return rules.passed !== undefined;
        },
        reject,
      });
      if (this.#deadline === undefined) this.#arm(this.#options.timeoutMs);
    });
  }

  /** @returns whether the message answered a request */
  take(message: Message): boolean {
    for (const [order, pending] of this.#pending) {
      const verdict = pending.take(message);
      if (verdict === undefined) continue;
      if (verdict === 'done') this.#pending.delete(order);
      return true;
    }
    return false;
  }

  /** The router has gone on to what was sent behind the request of this order: what is older has had its answer or gets none. */
  passed(order: number): void {
    for (const [older, pending] of this.#pending) {
      if (older > order) return;
      if (!pending.expired && !pending.passed()) {
        if (!this.#options.reliable) continue; // its answer may have been overtaken
        pending.reject(
          new ClientError(
            'unanswered',
            `the router went on without answering ${pending.label}; it may have dropped it`,
          ),
        );
      }
      this.#pending.delete(older);
    }
  }

  /** Rejects everything that waits: no answer can come any more. */
  rejectAll(error: ClientError): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    this.#deadline?.clear();
    this.#deadline = undefined;
    for (const pending of waiting) pending.reject(error);
  }

  #arm(milliseconds: number): void {
    this.#deadline = setAwaitedDeadline(this.#options.clock, this.#expire, milliseconds);
  }

  /** One timer for all: they have the same time to be answered in, so the oldest is due first. */
  readonly #expire = (): void => {
    this.#deadline = undefined;
    const { clock, timeoutMs, reliable } = this.#options;
    const now = clock.now();
    let expired = false;
    for (const [order, pending] of this.#pending) {
      if (pending.expired) {
        // Where answers may be lost, this one was. Else it is still to come, however late: whoever forgot it would take it for another's.
        const isLost = !reliable && pending.deadlineMs + timeoutMs <= now;
        if (isLost || this.#pending.size > MAX_REMEMBERED) this.#pending.delete(order);
        continue;
      }
      if (pending.deadlineMs > now) {
        this.#arm(pending.deadlineMs - now);
        break;
      }
      pending.expired = expired = true;
      pending.reject(new ClientError('timeout', `the router did not answer ${pending.label} within ${timeoutMs} ms`));
    }
    if (expired) this.#options.onExpired();
  };
}
