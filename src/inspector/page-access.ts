import type { Authenticator, Grant } from '../core/ports.js';
import { type Clock, setBackgroundTimer, wallTime } from '../util/clock.js';
import { ClaspError } from '../protocol/errors.js';
import { parsePattern } from '../protocol/pattern.js';
import { scopesCover } from '../protocol/scope.js';
import type { PageMessage } from './feed.js';
import { isSameKey } from './inspector-key.js';

/** What a page has to show before it gets anything: a token on a router that asks for them, else the key of the link. */
export type AccessRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'token'; readonly authenticator: Authenticator };

export interface AccessHost {
  readonly clock: Clock;
  readonly rule: AccessRule;
  /** Whether one more page can be open. */
  readonly hasRoom: () => boolean;
  /** The page has shown what it has to. Called once. @param token undefined if no token was asked for */
  readonly admitted: (token: string | undefined) => void;
  /** Tells the page why not; it can try again. */
  readonly refused: (text: string) => void;
  /** Ends the connection of the page. */
  readonly ended: (reason: string) => void;
}

/** Tokens or keys a page can try. */
const MAX_TRIES = 3;
/** Milliseconds until the answer to a wrong one. */
const WRONG_MS = 500;
/** Milliseconds until a page has to have shown one: a person types it, and places are few. */
const TRY_MS = 60_000;

const EVERYTHING = parsePattern('/**');

/** Whether one page is allowed in, and for how long. */
export class PageAccess {
  readonly #host: AccessHost;
  #isAllowed: boolean;
  #isOver = false;
  #tries = 0;
  /** Until when something has to be shown, by the monotonic clock. */
  #showUntilMs: number;
  /** From when and until when the token holds, by the calendar. */
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

  /** What the page still has to show. */
  get needs(): 'token' | 'key' | undefined {
    const { kind } = this.#host.rule;
    return this.#isAllowed || kind === 'none' ? undefined : kind;
  }

  /** Takes what the page shows. What is not asked for is ignored. */
  show(message: Extract<PageMessage, { readonly type: 'authenticate' | 'unlock' }>): void {
    const { rule } = this.#host;
    if (this.#isOver || this.#isAllowed) return;
    if (message.type === 'authenticate' && rule.kind === 'token')
      void this.#authenticate(message.token, rule.authenticator);
    else if (message.type === 'unlock' && rule.kind === 'key') this.#unlock(message.key, rule.key);
  }

  /** Why the page has to go that has shown nothing in its time. Judge it only after the input that waits was read. */
  overdue(nowMs: number): string | undefined {
    return nowMs < this.#showUntilMs ? undefined : `no ${this.#host.rule.kind} came within ${TRY_MS / 1_000} s`;
  }

  /** Why the page has to go that was allowed. A token can live for years, which is too long for a timer. */
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
      if (this.#isOver || this.#isAllowed) return; // it has gone meanwhile, or another token was good
      this.#follow(grant, authenticator);
      this.#admit(token);
    } catch (error) {
      this.#refuse(error instanceof ClaspError ? error.message : 'the token could not be looked at');
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
    if (!this.#host.hasRoom()) {
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
