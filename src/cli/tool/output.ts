import type { ToolHost } from './context.js';

/** What a terminal would act upon instead of showing it, or that would tear a line apart. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text in which nothing moves the cursor: what peers send must not be able to rewrite the screen of who looks at it. In a
 * text of JSON it means the same as before.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (found) =>
    // Characters beyond U+FFFF are two units, as in JSON.
    Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Where a command writes: lines that are what was asked for, and sentences about it beside them. */
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
    this.#host.stderr(`clasp-router: ${printable(sentence)}\n`);
  }
}
