// @ts-check
import { fork } from 'node:child_process';
import { stop, track } from './children.mjs';

/** How much longer than the work itself an answer may take. */
const ANSWER_MS = 60_000;

/** A process of ours that takes calls; serve.mjs is its other end. */
export class Worker {
  /** @type {Map<number, { resolve: (output: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  #lastId = 0;
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  #name;

  /**
   * @param {string} file beside this one
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
   * @param {number} [busyMs] how long the call takes when all is well
   * @returns {Promise<any>} what the handler returned
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
