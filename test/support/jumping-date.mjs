// @ts-check
// Loaded by `node --import` ahead of the command: a wall clock that a test sets. With each SIGUSR2 it goes to the next of the
// places in DATE_JUMPS_MS, milliseconds from the true time, separated by commas.

const TrueDate = Date;
const places = (process.env.DATE_JUMPS_MS ?? '').split(',').map(Number);
let aheadMs = 0;

globalThis.Date = /** @type {DateConstructor} */ (
  // A Date is also called as a function by nobody here.
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
