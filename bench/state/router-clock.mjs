// @ts-check
import { machineMicros } from '../machine-clock.mjs';
import { sync, Type } from '../wire/clasp-frames.mjs';
import { syncTimes } from '../wire/clasp-reader.mjs';

const EXCHANGES = 100;

/**
 * Offset of the router's clock from this machine's, from the fastest of many SYNCs. Both run at the same rate, so one
 * measurement is sufficient; its error is at most half of the round trip.
 */
export class RouterClock {
  aheadMicros = NaN;
  errorMicros = Infinity;
  #answers = 0;

  /**
   * @param {import('../wire/clasp.mjs').Peer} peer whose messages are passed to {@link take}
   * @param {(frame: Buffer) => Buffer} toMessage
   */
  async look({ connection }, toMessage) {
    for (let i = 1; i <= EXCHANGES; i++) {
      connection.send(toMessage(sync(Math.floor(machineMicros()))));
      await connection.until(() => this.#answers >= i, 'answer to SYNC');
    }
  }

  /**
   * @param {Buffer} bytes
   * @param {number} start
   */
  take(bytes, start) {
    if (bytes[start] !== Type.Sync) return;
    const t4 = machineMicros();
    const { t1, t2, t3 } = syncTimes(bytes, start);
    this.#answers++;
    const errorMicros = (t4 - t1 - (t3 - t2)) / 2;
    if (errorMicros >= this.errorMicros) return;
    this.errorMicros = errorMicros;
    this.aheadMicros = (t2 - t1 + (t3 - t4)) / 2;
  }

  /** Returns the estimated time of the router. */
  now() {
    return machineMicros() + this.aheadMicros;
  }
}
