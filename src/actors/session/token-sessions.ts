import { ClaspError, ErrorCode } from '../../protocol/errors.js';

/** Counts the sessions of each token, and refuses those above the limit. */
export class TokenSessions {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** @param max concurrent sessions of one token; 0 = unlimited */
  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more session. @throws ClaspError if the token has reached its limit */
  enter(tokenId: string): void {
    const count = this.#counts.get(tokenId) ?? 0;
    if (this.#max > 0 && count >= this.#max) {
      const text =
        `Too many sessions with this token: it has ${count}; ` +
        `the limit is ${this.#max}, the option maxSessionsPerToken`;
      throw new ClaspError(ErrorCode.Overloaded, text);
    }
    this.#counts.set(tokenId, count + 1);
  }

  /** A session that was counted has ended. */
  leave(tokenId: string): void {
    const left = (this.#counts.get(tokenId) ?? 0) - 1;
    if (left > 0) this.#counts.set(tokenId, left);
    else this.#counts.delete(tokenId);
  }
}
