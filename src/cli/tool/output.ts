import { peerText, printable } from '../../util/printable-text.js';
import type { ToolHost } from './host.js';

/** Characters of a sentence: what a peer can put into an ERROR is 64 KiB. */
const MAX_SENTENCE_CHARACTERS = 400;

/**
 * Where a command writes: lines that are what was asked for, whole, and sentences about it beside them, cut. Both are printable: what peers
 * send must not be able to rewrite the screen of who looks at it.
 */
export class Output {
  readonly #host: Pick<ToolHost, 'stdout' | 'stderr'>;
  #said: string | undefined;

  constructor(host: Pick<ToolHost, 'stdout' | 'stderr'>) {
    this.#host = host;
  }

  /** @returns a promise where the reader is behind: the next line should wait for it */
  print(line: string): Promise<void> | undefined {
    return this.#host.stdout(`${printable(line)}\n`);
  }

  /** The same again is not repeated: of one fault the user may hear in two ways. */
  say(sentence: string): void {
    if (sentence === this.#said) return;
    this.#said = sentence;
    this.#host.stderr(`clasp-router: ${peerText(sentence, MAX_SENTENCE_CHARACTERS)}\n`);
  }
}
