import { stat } from 'node:fs/promises';
import { timingSafeEqual } from 'node:crypto';
import type { Grant, Logger } from '../actors/ports.js';
import { type Clock, setBackgroundTimer } from '../clock.js';
import { scopesAmong } from './claims.js';
import { hashOf, isCpskToken } from './cpsk.js';
import { readTokens, tokenFilePath, type TokenRecord } from './token-file.js';
import type { TokenValidator, Validation } from './validator.js';

export interface CpskTokensOptions {
  /** The folder with `tokens.json`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often the file is looked at, for tokens that were revoked meanwhile. */
const LOOK_MS = 1_000;

interface Watched {
  readonly tokenId: string;
  readonly listener: () => void;
}

/**
 * Tokens made by `clasp-router token create`, looked up by their hash. The file is the truth: it is looked at with every HELLO and
 * once a second, so what the command revokes is revoked here.
 */
export class CpskTokens implements TokenValidator {
  readonly #options: CpskTokensOptions;
  readonly #path: string;
  #byHash: ReadonlyMap<string, TokenRecord> = new Map();
  /** What the file was like when it was read. */
  #seen = '';
  #refreshing: Promise<void> | undefined;
  readonly #watched = new Set<Watched>();
  #timer: unknown;
  #isClosed = false;

  /** @throws AuthError when there is a file that is none of tokens */
  static async open(options: CpskTokensOptions): Promise<CpskTokens> {
    const tokens = new CpskTokens(options);
    tokens.#seen = await tokens.#look();
    tokens.#keep(await readTokens(tokens.#path));
    tokens.#planLook();
    return tokens;
  }

  private constructor(options: CpskTokensOptions) {
    this.#options = options;
    this.#path = tokenFilePath(options.dataDir);
  }

  async validate(token: string): Promise<Validation> {
    if (!isCpskToken(token)) return { kind: 'notMine' };
    await this.#refresh();
    const hash = hashOf(token);
    const record = this.#byHash.get(hash);
    if (record === undefined || !isSame(record.hash, hash)) return { kind: 'invalid', reason: 'token not found' };
    const { expiresAtSeconds } = record;
    if (expiresAtSeconds !== null && this.#options.clock.now() / 1_000 >= expiresAtSeconds) return { kind: 'expired' };
    return { kind: 'valid', grant: grantOf(record) };
  }

  onRevoked({ tokenId }: Grant, listener: () => void): () => void {
    const watched = { tokenId, listener };
    this.#watched.add(watched);
    return () => void this.#watched.delete(watched);
  }

  /** Looks at the file no more. */
  close(): void {
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #planLook(): void {
    if (this.#isClosed) return;
    const look = (): void => {
      void this.#refresh().then(() => {
        this.#planLook();
      });
    };
    this.#timer = setBackgroundTimer(this.#options.clock, look, LOOK_MS);
  }

  /** Reads the file again if it has changed. One that cannot be read changes nothing: nobody is let in by it, and nobody put out. */
  async #refresh(): Promise<void> {
    this.#refreshing ??= this.#readIfChanged().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #readIfChanged(): Promise<void> {
    const seen = await this.#look();
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#keep(await readTokens(this.#path));
    } catch (error) {
      this.#options.logger.warn(
        { err: error },
        'the tokens were changed and cannot be read; the former ones still hold',
      );
    }
  }

  #keep(records: readonly TokenRecord[]): void {
    this.#byHash = new Map(records.map((record) => [record.hash, record]));
    const ids = new Set(records.map(({ id }) => id));
    for (const watched of [...this.#watched]) {
      if (ids.has(watched.tokenId)) continue;
      this.#watched.delete(watched);
      watched.listener();
    }
  }

  /** Different from what it was whenever the file has been replaced. */
  async #look(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch {
      return 'none';
    }
  }
}

function grantOf({ id, subject, scopes, constraints, expiresAtSeconds }: TokenRecord): Grant {
  return {
    tokenId: id,
    subject: subject ?? undefined,
    scopes: scopesAmong(scopes),
    constraints,
    expiresAtSeconds: expiresAtSeconds ?? undefined,
  };
}

/** Takes as long whatever differs. */
function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
