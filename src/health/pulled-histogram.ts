import { Histogram, type Registry } from 'prom-client';
import type { Distribution } from './figures.js';

/** A histogram that counts nothing itself; it shows counts of another source. */
export class PulledHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => Distribution | undefined;

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly registry: Registry;
    readonly read: () => Distribution | undefined;
  }) {
    super({ name: options.name, help: options.help, registers: [options.registry] });
    this.#name = options.name;
    this.#help = options.help;
    this.#read = options.read;
  }

  /** The method that the registry and `get` call; prom-client's types lack it. */
  getForPromString(): Promise<object> {
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', values: this.#values() });
  }

  #values(): object[] {
    const distribution = this.#read();
    if (distribution === undefined) return [];
    const { bounds, counts, sum } = distribution;
    let below = 0;
    const buckets = [...bounds, '+Inf'].map((le, i) => {
      below += counts[i] ?? 0;
      return { metricName: `${this.#name}_bucket`, labels: { le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels: {}, value: sum },
      { metricName: `${this.#name}_count`, labels: {}, value: below },
    ];
  }
}
