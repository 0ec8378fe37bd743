// @ts-check
import { fork } from 'node:child_process';
import { stop, track } from './children.mjs';

/** Milliseconds that an answer can take in addition to the work itself. */
const ANSWER_MS = 60_000;

/** A child process that answers calls; serve.mjs is its other side. */
export class Worker {
  /** @type {Map<number, { resolve: (output: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  #lastId = 0;
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #name;

  /**
   * @param {string} file relative to this one
   * @param {readonly string[]} [args]
   */
  constructor(file, args = []) {
    this.#name = file;
    this.#child = fork(new URL(file, import.meta.url), args, { env: { ...process.env, NODE_ENV: 'production' } });
    track(this.#child);
    this.#child.on(
      'message',
      (/** @type {{ id: number, output?: unknown, error?: string }} */ { id, output, error }) => {
        const call = this.#calls.get(id);
        this.#calls.delete(id);
        if (error === undefined) call?.resolve(output);
        else call?.reject(new Error(error));
      },
    );
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`${file} ended: ${signal ?? code}`));
      this.#calls.clear();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * @param {string} name
   * @param {unknown} [input] JSON
   * @param {number} [busyMs] expected duration of the call
   * @returns {Promise<any>} result of the handler
   */
  async call(name, input, busyMs = 0) {
    const id = ++this.#lastId;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`${this.#name} does not answer "${name}"`)), busyMs + ANSWER_MS);
        this.#child.send({ id, name, input }, (error) => error && reject(error));
      });
    } finally {
      clearTimeout(timer);
      this.#calls.delete(id);
    }
  }

  stop() {
    return stop(this.#child);
  }
}
