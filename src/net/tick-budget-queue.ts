export interface TickBudgetQueueOptions<T> {
  /** How many may pass in one turn of the event loop. */
  readonly perTurn: number;
  readonly pass: (item: T) => void;
  /** Plans the next turn. @default setImmediate */
  readonly schedule?: ((turn: () => void) => void) | undefined;
}

/** Lets a few pass in each turn of the event loop and the others wait for theirs, in order: for work that comes in crowds. */
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

  /** Passes it on, now or in a later turn. */
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
