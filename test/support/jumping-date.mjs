// @ts-check
// Loaded by `node --import` before the command: a wall clock that a test sets. Each SIGUSR2 moves it to the next offset
// in DATE_JUMPS_MS: milliseconds from the real time, separated by commas.

const TrueDate = Date;
const places = (process.env.DATE_JUMPS_MS ?? '').split(',').map(Number);
let aheadMs = 0;

globalThis.Date = /** @type {DateConstructor} */ (
  // Date is never called as a function here.
  class extends TrueDate {
    /** @param {unknown[]} args */
    constructor(...args) {
      // @ts-expect-error Date's own constructors take these
      super(...(args.length === 0 ? [TrueDate.now() + aheadMs] : args));
    }

    /** @override */
    static now() {
      return TrueDate.now() + aheadMs;
    }
  }
);

process.on('SIGUSR2', () => {
  aheadMs = places.shift() ?? aheadMs;
  process.stderr.write(`${JSON.stringify({ level: 30, msg: `the date is ${aheadMs} ms ahead` })}\n`);
});
