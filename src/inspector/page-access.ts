import type { Authenticator, Grant } from '../core/ports.js';
import { type Clock, setBackgroundTimer, wallTime } from '../util/clock.js';
import { ClaspError } from '../protocol/errors.js';
import { parsePattern } from '../protocol/pattern.js';
import { scopesCover } from '../protocol/scope.js';
import type { PageMessage } from './feed.js';
import { isSameKey } from './inspector-key.js';

/**
 * What a page must present before it gets anything: a token if the router requires tokens, else the key of the link.
 */
export type AccessRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'token'; readonly authenticator: Authenticator };

export interface AccessHost {
  readonly clock: Clock;
  readonly rule: AccessRule;
  /** Whether another page can open. */
  readonly hasCapacity: () => boolean;
  /** Called once, when the page has presented a valid key or token. @param token undefined if the rule is the key */
  readonly admitted: (token: string | undefined) => void;
  /** Sends the page the reason of a refusal. The page can try again. */
  readonly refused: (text: string) => void;
  /** Closes the connection of the page. */
  readonly ended: (reason: string) => void;
}

/** Maximum tokens or keys that a page can try. */
const MAX_TRIES = 3;
/** Milliseconds before the answer to a wrong token or key. */
const WRONG_MS = 500;
/**
 * Milliseconds within which a page must present a token or key. A person has to type it, and the number of pages is
 * limited.
 */
const TRY_MS = 60_000;

const EVERYTHING = parsePattern('/**');

/** Decides whether and for how long a page has access. */
export class PageAccess {
  readonly #host: AccessHost;
  #isAllowed: boolean;
  #isOver = false;
  #tries = 0;
  /** Deadline for the token or key, on the monotonic clock. */
  #showUntilMs: number;
  /** Validity of the token, on the wall clock. */
  #notBeforeMs = -Infinity;
  #expiresAtMs = Infinity;
  #stopWatchingGrant = (): void => undefined;

  constructor(host: AccessHost) {
    const { rule, clock } = host;
    this.#host = host;
    this.#isAllowed = rule.kind === 'none';
    this.#showUntilMs = this.#isAllowed ? Infinity : clock.now() + TRY_MS;
  }

  get isAllowed(): boolean {
    return this.#isAllowed;
  }

  /** What the page still has to present. */
  get needs(): 'token' | 'key' | undefined {
    const { kind } = this.#host.rule;
    return this.#isAllowed || kind === 'none' ? undefined : kind;
  }

  /** Checks a token or key from the page. Ignores a kind that is not required. */
  show(message: Extract<PageMessage, { readonly type: 'authenticate' | 'unlock' }>): void {
    const { rule } = this.#host;
    if (this.#isOver || this.#isAllowed) return;
    if (message.type === 'authenticate' && rule.kind === 'token')
      void this.#authenticate(message.token, rule.authenticator);
    else if (message.type === 'unlock' && rule.kind === 'key') this.#unlock(message.key, rule.key);
  }

  /** Returns why a page without access must be closed at its deadline. Call it only after pending input was read. */
  overdue(nowMs: number): string | undefined {
    return nowMs < this.#showUntilMs ? undefined : `no ${this.#host.rule.kind} arrived within ${TRY_MS / 1_000} s`;
  }

  /**
   * Returns why a page must lose its access. Polled, because a token can be valid for years, which exceeds the range
   * of a timer.
   */
  ended(): string | undefined {
    const nowMs = wallTime(this.#host.clock);
    if (nowMs >= this.#expiresAtMs) return 'the token has expired';
    return nowMs < this.#notBeforeMs ? 'the token is not valid yet' : undefined;
  }

  stop(): void {
    this.#isOver = true;
    this.#stopWatchingGrant();
  }

  #unlock(given: string, key: string): void {
    if (!this.#mayTry('keys')) return;
    if (!isSameKey(given, key)) {
      this.#refuse('the key is wrong; the router makes a new one at each start');
      return;
    }
    this.#admit(undefined);
  }

  async #authenticate(token: string, authenticator: Authenticator): Promise<void> {
    if (!this.#mayTry('tokens')) return;
    try {
      const grant = await authenticator.authenticate(token);
      if (!scopesCover(grant.scopes, 'admin', EVERYTHING)) {
        throw new ClaspError(301, 'the inspector needs a token with the scope admin:/**');
      }
      if (this.#isOver || this.#isAllowed) return; // the page has closed meanwhile, or another token was valid
      this.#follow(grant, authenticator);
      this.#admit(token);
    } catch (error) {
      this.#refuse(error instanceof ClaspError ? error.message : 'the token could not be checked');
    }
  }

  #mayTry(what: string): boolean {
    if (++this.#tries <= MAX_TRIES) return true;
    this.#host.ended(`too many ${what} were tried`);
    return false;
  }

  #refuse(text: string): void {
    setBackgroundTimer(
      this.#host.clock,
      () => {
        this.#host.refused(text);
      },
      WRONG_MS,
    );
  }

  #admit(token: string | undefined): void {
    if (!this.#host.hasCapacity()) {
      this.#host.ended('too many pages are open');
      return;
    }
    this.#isAllowed = true;
    this.#showUntilMs = Infinity;
    this.#host.admitted(token);
  }

  #follow(grant: Grant, authenticator: Authenticator): void {
    this.#stopWatchingGrant = authenticator.onRevoked(grant, () => {
      this.#host.ended('the token was revoked');
    });
    this.#notBeforeMs = (grant.notBeforeSeconds ?? -Infinity) * 1_000;
    this.#expiresAtMs = (grant.expiresAtSeconds ?? Infinity) * 1_000;
  }
}
