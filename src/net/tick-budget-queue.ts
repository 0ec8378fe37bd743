export interface TickBudgetQueueOptions<T> {
  /** Maximum number of items per turn of the event loop. */
  readonly perTurn: number;
  readonly pass: (item: T) => void;
  /** Schedules the next turn. @default setImmediate */
  readonly schedule?: ((turn: () => void) => void) | undefined;
}

/**
 * Passes a limited number of items per turn of the event loop and queues the others in order. For work that arrives in
 * bursts.
 */
export class TickBudgetQueue<T> {
  readonly #perTurn: number;
  readonly #pass: (item: T) => void;
  readonly #schedule: (turn: () => void) => void;
  #waiting: T[] = [];
  #passed = 0;
  #planned = false;

  constructor({ perTurn, pass, schedule = setImmediate }: TickBudgetQueueOptions<T>) {
    this.#perTurn = perTurn;
    this.#pass = pass;
    this.#schedule = schedule;
  }

  /** Passes an item, in this turn or a later one. */
  push(item: T): void {
    this.#planTurn();
    if (this.#waiting.length > 0 || this.#passed >= this.#perTurn) {
      this.#waiting.push(item);
      return;
    }
    this.#passed++;
    this.#pass(item);
  }

  #planTurn(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#schedule(this.#turn);
  }

  readonly #turn = (): void => {
    this.#planned = false;
    const next = this.#waiting.slice(0, this.#perTurn);
    this.#waiting = this.#waiting.slice(this.#perTurn);
    this.#passed = next.length;
    if (next.length > 0) this.#planTurn();
    for (const item of next) this.#pass(item);
  };
}
