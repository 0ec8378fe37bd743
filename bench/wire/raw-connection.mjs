// @ts-check
import net from 'node:net';
import tls from 'node:tls';

/** Shared by all sockets of the process: data is processed before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** Milliseconds to wait for any answer before the run is aborted. */
const ANSWER_MS = 10_000;

/**
 * A TCP socket without stream overhead on its reading side: no Buffer is allocated per read. A process with a hundred
 * of them can read gigabytes per second and is not the bottleneck.
 */
export class RawConnection {
  /**
   * Called with the data of a read, which is valid only during the call. @type {(bytes: Buffer, end: number) => void}
   */
  onBytes = () => {};
  /** Why the connection has ended; undefined while it is open. @type {string | undefined} */
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

  /** Whether {@link send} would only queue. */
  get isFull() {
    return this.#socket.writableNeedDrain;
  }

  /**
   * Sends bytes. If it returns false, wait for {@link drained} before sending more, or the benchmark measures memory.
   *
   * @param {Uint8Array} bytes
   */
  send(bytes) {
    return this.#socket.write(bytes);
  }

  /** Resolves when everything sent was accepted by the kernel, or the connection is lost. @returns {Promise<void>} */
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
   * Resolves once the condition, checked after each read, holds.
   *
   * @param {() => boolean} condition
   * @param {string} what for the error message
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

  /** Stops reading: the server's data stays in its own buffers and in the kernel's. */
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
