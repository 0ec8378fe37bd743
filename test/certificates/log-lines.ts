import type { Logger } from '../../src/core/ports.js';

/** Records log lines in the form `warn: the message`. */
export class LogLines implements Logger {
  readonly lines: string[] = [];
  readonly debug = this.#keep('debug');
  readonly info = this.#keep('info');
  readonly warn = this.#keep('warn');
  readonly error = this.#keep('error');

  #keep(level: string): (fields: object, message: string) => void {
    return (_, message) => this.lines.push(`${level}: ${message}`);
  }
}
