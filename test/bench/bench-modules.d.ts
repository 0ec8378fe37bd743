// What the tests here use of the benchmarks, which are JavaScript and no part of the package.

declare module '*/bench/histogram.mjs' {
  export class Histogram {
    readonly count: number;
    readonly max: number;
    record(microseconds: number): void;
    percentile(share: number): number;
  }
}

declare module '*-walker.mjs' {
  class Walker {
    readonly counts: Float64Array;
    readonly deliveries: number;
    readonly acks: number;
    readonly pongs: number;
    readonly shortestDelivery: number;
    readonly longestDelivery: number;
    readonly lastError: string | undefined;
    readonly isBetweenMessages: boolean;
    onDelivery: ((bytes: Buffer, start: number) => void) | undefined;
    walk(bytes: Buffer, end: number): void;
  }
  export class ClaspWalker extends Walker {}
  export class MqttWalker extends Walker {}
  export class NatsWalker extends Walker {}
  export class SocketIoWalker extends Walker {}
  export class NotationWalker extends Walker {
    constructor(notation: 'json' | 'cbor');
  }
}

declare module '*/bench/summary.mjs' {
  interface Figure {
    readonly metric: string;
    readonly value: number;
    readonly unit: '/s' | 'µs' | 'B' | '%' | '×' | '';
    readonly deliveredRatio?: number;
  }
  interface Row {
    readonly target: string;
    readonly metric: string;
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly advantage: number | undefined;
  }
  export function summarise(
    caseName: string,
    runs: ReadonlyMap<string, readonly (readonly Figure[] | undefined)[]>,
  ): readonly Row[];
}

declare module '*/bench/report.mjs' {
  export function quantity(value: number, unit: string): string;
}
