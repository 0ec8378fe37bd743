import { peerText, printable } from '../../util/printable-text.js';
import type { ToolHost } from './host.js';

/** Maximum characters of a sentence. A peer can send up to 64 KiB of text in an ERROR. */
const MAX_SENTENCE_CHARACTERS = 400;

/**
 * The output of a command: result lines, complete, and sentences for the user, truncated. Both are escaped, so that a
 * peer cannot control the terminal.
 */
export class Output {
  readonly #host: Pick<ToolHost, 'stdout' | 'stderr'>;
  #said: string | undefined;

  constructor(host: Pick<ToolHost, 'stdout' | 'stderr'>) {
    this.#host = host;
  }

  /** @returns a promise if the reader is behind: the next line should wait for it */
  print(line: string): Promise<void> | undefined {
    return this.#host.stdout(`${printable(line)}\n`);
  }

  /** Prints a sentence, unless it is the same as the previous one: two errors can report one fault. */
  say(sentence: string): void {
    if (sentence === this.#said) return;
    this.#said = sentence;
    this.#host.stderr(`clasp-router: ${peerText(sentence, MAX_SENTENCE_CHARACTERS)}\n`);
  }
}
