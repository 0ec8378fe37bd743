import { calm, type ChaosProxy, type Faults, type ProxiedConnection } from '../support/chaos-proxy.js';
import type { Random } from '../support/mutate.mjs';

/** A proxy with its permanent faults. */
export interface Front {
  readonly proxy: ChaosProxy;
  readonly best: Faults;
}

interface Passing {
  readonly endsAtStep: number;
  readonly end: () => void;
}

/** Changes the faults step by step. The next fault and its target depend only on the seed and the step number. */
export class WeatherMaker {
  readonly #fronts: readonly Front[];
  readonly #random: Random;
  #passing: readonly Passing[] = [];
  #step = 0;

  constructor(fronts: readonly Front[], random: Random) {
    this.#fronts = fronts;
    this.#random = random;
  }

  get steps(): number {
    return this.#step;
  }

  step(): void {
    this.#step++;
    const over = this.#passing.filter(({ endsAtStep }) => endsAtStep <= this.#step);
    this.#passing = this.#passing.filter((passing) => !over.includes(passing));
    for (const { end } of over) end();
    this.#befall(this.#random.pick(this.#fronts));
  }

  /** Ends every fault, and cuts the lines that flip bits, because data from them is not reliable. */
  clear(): void {
    for (const { end } of this.#passing) end();
    this.#passing = [];
    for (const { proxy, best } of this.#fronts) {
      proxy.faults = calm;
      if (best.bytesPerFlip > 0) for (const connection of proxy.connections) connection.cut();
    }
  }

  #befall({ proxy, best }: Front): void {
    const dice = this.#random.below(100);
    if (dice < 35) this.#withConnection(proxy, (connection) => connection.cut());
    else if (dice < 55) this.#withConnection(proxy, (connection) => this.#stall(connection));
    else if (dice < 60) for (const connection of proxy.connections) connection.cut();
    else if (dice < 65) this.#refuse(proxy);
    else if (dice < 90) proxy.faults = this.#bad(best);
    else proxy.faults = best;
  }

  #bad(best: Faults): Faults {
    return {
      latencyMs: this.#random.below(60),
      jitterMs: this.#random.below(60),
      lossRatio: this.#random.below(30) / 100,
      duplicateRatio: this.#random.below(20) / 100,
      bytesPerFlip: best.bytesPerFlip,
    };
  }

  #stall(connection: ProxiedConnection): void {
    connection.stall();
    this.#later(2 + this.#random.below(70), () => connection.resume());
  }

  #refuse(proxy: ChaosProxy): void {
    proxy.isRefusing = true;
    this.#later(1 + this.#random.below(8), () => (proxy.isRefusing = false));
  }

  #later(steps: number, end: () => void): void {
    this.#passing = [...this.#passing, { endsAtStep: this.#step + steps, end }];
  }

  #withConnection(proxy: ChaosProxy, befall: (connection: ProxiedConnection) => void): void {
    const connections = [...proxy.connections];
    // Always drawn, so that the further sequence does not depend on the connections.
    const connection = connections[this.#random.below(Math.max(1, connections.length))];
    if (connection !== undefined) befall(connection);
  }
}
