// @ts-check

const TRIES = 20;
const offsetMicros = measure();

/**
 * Returns the machine's monotonic clock in microseconds. It is the same in all processes, so one process can time
 * what another has sent. Its epoch is system-defined.
 */
export function machineMicros() {
  return performance.now() * 1000 + offsetMicros;
}

/**
 * Measures the offset between `performance.now`, which starts with the process, and the machine's clock. Of several
 * attempts, the least disturbed counts.
 */
function measure() {
  let offset = 0;
  let shortest = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now() * 1000;
    const machine = Number(process.hrtime.bigint()) / 1000;
    const after = performance.now() * 1000;
    if (after - before >= shortest) continue;
    shortest = after - before;
    offset = machine - (before + after) / 2;
  }
  return offset;
}
