import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setAwaitedDeadline } from '../util/peer-deadline.js';
import type { Message } from '../protocol/messages/message.js';
import { ClientError } from './client-error.js';

/**
 * Whether a message of the router answers a request. `done`: completely. `part`: more can follow. Undefined: not at
 * all, and the next request is checked.
 */
export type Verdict = 'done' | 'part' | undefined;

export interface Settle<A> {
  resolve(answer: A): void;
  reject(error: Error): void;
}

/** A request and the rules for its answer. */
export interface RequestRules<A> {
  /** `SET /lights/1`, for error texts. */
  readonly label: string;
  take(message: Message, settle: Settle<A>): Verdict;
  /**
   * Called when the router has answered a later message. If absent, no answer can follow on a reliable link, and the
   * request is rejected.
   */
  passed?(settle: Settle<A>): void;
}

interface Pending {
  readonly label: string;
  readonly deadlineMs: number;
  /** Whether its time is over. The request is kept, so that a late answer is not assigned to another one. */
  expired: boolean;
  take(message: Message): Verdict;
  passed(): boolean;
  reject(error: Error): void;
}

/**
 * Maximum stored requests, waiting or expired. Beyond it, the oldest expired ones are dropped, in case a router answers
 * nothing for hours.
 */
const MAX_REMEMBERED = 10_000;

export interface RequestsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Whether all answers arrive, in order. */
  readonly reliable: boolean;
  /**
   * Called when a request expires. The callee should send a message whose answer leads to a call of {@link
   * Requests.passed}.
   */
  readonly onExpired: () => void;
}

/**
 * Requests that wait for their answer, oldest first. Routers answer in order and send no correlation ids, so an answer
 * belongs to the oldest request that it fits.
 */
export class Requests {
  readonly #options: RequestsOptions;
  /** By order number, which is also the order of insertion. */
  readonly #pending = new Map<number, Pending>();
  #lastOrder = 0;
  #deadline: PeerDeadline | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Order number of the latest request. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  /**
   * Waits for the answer to a request that is being sent.
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

  /**
   * Records that the router has answered a message after the request with this order number. Older requests without an
   * answer get none.
   */
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

  /** Rejects all waiting requests, because no answer can arrive any more. */
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

  /** One timer for all requests: they have the same timeout, so the oldest is due first. */
  readonly #expire = (): void => {
    this.#deadline = undefined;
    const { clock, timeoutMs, reliable } = this.#options;
    const now = clock.now();
    let expired = false;
    for (const [order, pending] of this.#pending) {
      if (pending.expired) {
        // If answers can be lost, this one was. Otherwise it will still arrive, and without this entry another request
        // would accept it.
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
