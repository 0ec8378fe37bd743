// @ts-check
import net from 'node:net';
import tls from 'node:tls';

/** Read into by every socket of the process in turn: what a read brought is looked at before the next one happens. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** How long any answer may take before the run is called off. */
const ANSWER_MS = 10_000;

/**
 * A TCP socket without the stream machinery on its reading side: no Buffer is allocated for a read, so that a process
 * with a hundred of them can take gigabytes a second and still be idle enough not to be what is measured.
 */
export class RawConnection {
  /** Takes what a read brought. The bytes are gone when it returns. @type {(bytes: Buffer, end: number) => void} */
  onBytes = () => {};
  /** Why the connection is no more; undefined while it is. @type {string | undefined} */
  lost;
  /** @type {{ condition: () => boolean, resolve: () => void } | undefined} */
  #waiting;
  /** @type {net.Socket} */
  #socket;

  /** @param {{ host: string, port: number, tls?: boolean }} server */
  constructor({ host, port, tls: isEncrypted = false }) {
    const where = {
      host,
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (/** @type {number} */ length) => {
          this.onBytes(readBuffer, length);
          this.#look();
          return true;
        },
      },
    };
    this.#socket = isEncrypted ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
    this.#socket.on('error', (error) => this.#lose(error.message));
    this.#socket.on('close', () => this.#lose('closed by the server'));
  }

  /** Whether {@link send} would only pile up. */
  get isFull() {
    return this.#socket.writableNeedDrain;
  }

  /**
   * Sends bytes. False: wait for {@link drained} before sending more, else memory is what is measured.
   *
   * @param {Uint8Array} bytes
   */
  send(bytes) {
    return this.#socket.write(bytes);
  }

  /** Resolves when everything sent has gone to the kernel, or the connection is lost. @returns {Promise<void>} */
  drained() {
    if (!this.isFull || this.lost !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  /**
   * Resolves once the condition, looked at after each read, holds.
   *
   * @param {() => boolean} condition
   * @param {string} what for the message of the error
   * @returns {Promise<void>}
   */
  async until(condition, what) {
    if (condition()) return;
    if (this.lost !== undefined) throw new Error(`no ${what}: ${this.lost}`);
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    await Promise.race([
      new Promise((resolve) => (this.#waiting = { condition, resolve: () => resolve(undefined) })),
      new Promise(
        (_, reject) => (timer = setTimeout(() => reject(new Error(`no ${what} in ${ANSWER_MS} ms`)), ANSWER_MS)),
      ),
    ]);
    clearTimeout(timer);
    if (this.lost !== undefined && !condition()) throw new Error(`no ${what}: ${this.lost}`);
  }

  /** Stops reading: what the server sends stays in its own buffers and in the kernel's. */
  freeze() {
    this.#socket.pause();
  }

  close() {
    this.lost ??= 'closed by us';
    this.#socket.destroy();
  }

  /** @param {string} reason */
  #lose(reason) {
    this.lost ??= reason;
    this.#look();
  }

  #look() {
    if (this.#waiting === undefined || (this.lost === undefined && !this.#waiting.condition())) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }
}
