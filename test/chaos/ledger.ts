/** Final knowledge about a write, once its sender can receive no more answers. */
export type Outcome =
  /** Acknowledged; for a bundle, only the last write has a known revision. */
  | { readonly kind: 'stored'; readonly revision: number | undefined }
  /** Possibly stored: no answer arrived. */
  | { readonly kind: 'unknown' }
  /** Refused by the router, or never sent. */
  | { readonly kind: 'not stored' };

/** An attempted write. */
export interface Write {
  readonly address: string;
  /** Unique in the whole show, so that a received value identifies its write. */
  readonly value: string;
  readonly author: string;
  /** Session that sent it. */
  readonly session: string;
  /** Whether its network keeps the order and delivers everything at most once. */
  readonly isOrdered: boolean;
  outcome: Outcome;
}

/**
 * From the write that locked a param to the write that unlocked it, or the last one before the connection was lost.
 */
export interface LockHold {
  readonly address: string;
  readonly holder: string;
  readonly fromRevision: number;
  readonly toRevision: number;
}

export interface FinalParam {
  readonly revision: number;
  readonly value: string;
}

interface AddressBook {
  readonly writes: Write[];
  /** Received values, by revision. */
  readonly heard: Map<number, string>;
}

/**
 * Records all writes and all received values of a show, and checks them: an acknowledged write is present unless it
 * was overwritten, a refused write is absent, no write is stored twice, and each revision has one value.
 */
export class Ledger {
  readonly violations: string[] = [];
  readonly #books = new Map<string, AddressBook>();
  readonly #holds: LockHold[] = [];
  #writes = 0;

  get writes(): number {
    return this.#writes;
  }

  /** Records a write that is about to be sent. Its outcome is unknown until it is set. */
  begin(address: string, by: Pick<Write, 'author' | 'session' | 'isOrdered'>, value?: string): Write {
    const write: Write = { address, value: value ?? this.newValue(by.author), ...by, outcome: { kind: 'unknown' } };
    this.#book(address).writes.push(write);
    this.#writes++;
    return write;
  }

  newValue(author: string): string {
    return `${author}#${this.#writes}`;
  }

  count(kind: Outcome['kind'], author?: string): number {
    let count = 0;
    for (const { writes } of this.#books.values()) {
      for (const write of writes) {
        if (write.outcome.kind === kind && (author === undefined || write.author === author)) count++;
      }
    }
    return count;
  }

  held(hold: LockHold): void {
    this.#holds.push(hold);
  }

  /** Records that a client received this value and revision of the param. */
  heard(who: string, address: string, { revision, value }: FinalParam): void {
    const { heard } = this.#book(address);
    const before = heard.get(revision);
    if (before === undefined) heard.set(revision, value);
    else if (before !== value)
      this.violations.push(`${address}: revision ${revision} is ${before} to others and ${value} to ${who}`);
  }

  /** Checks the final state. @returns all violations, starting with those found during the show */
  judge(final: ReadonlyMap<string, FinalParam>): readonly string[] {
    const found = [...this.violations];
    for (const [address, book] of this.#books) {
      for (const fault of faultsOf(book, final.get(address))) found.push(`${address}: ${fault}`);
      const holds = this.#holds.filter((hold) => hold.address === address);
      for (const fault of intrusions(book, holds)) found.push(`${address}: ${fault}`);
    }
    for (const address of final.keys()) {
      if (!this.#books.has(address)) found.push(`${address}: nobody has written it`);
    }
    return found;
  }

  #book(address: string): AddressBook {
    let book = this.#books.get(address);
    if (book === undefined) this.#books.set(address, (book = { writes: [], heard: new Map() }));
    return book;
  }
}

function* faultsOf({ writes, heard }: AddressBook, final: FinalParam | undefined): Iterable<string> {
  const stored = writes.filter(({ outcome }) => outcome.kind === 'stored');
  const unknown = writes.filter(({ outcome }) => outcome.kind === 'unknown');
  yield* faultsOfAnswers(stored, heard);
  if (final === undefined) {
    if (stored.length > 0) yield `${stored.length} writes were acknowledged, and there is no param`;
    return;
  }
  const { revision, value } = final;
  const last = writes.find((write) => write.value === value);
  if (last === undefined) {
    yield `its value ${value} was written by nobody`;
    return;
  }
  if (last.outcome.kind === 'not stored') yield `its value ${value} is of a write that was refused`;
  // Each write increments the revision, so the revision gives the number of stored writes.
  const most = stored.length + unknown.length;
  if (revision < stored.length) yield `revision ${revision} after ${stored.length} acknowledged writes`;
  if (revision > most && writes.every(({ isOrdered }) => isOrdered))
    yield `revision ${revision} although only ${most} writes can have been stored`;
  const newest = Math.max(0, ...stored.map(revisionOf));
  if (revision < newest) yield `revision ${revision} although ${newest} was acknowledged`;
  if (last.outcome.kind === 'stored' && revisionOf(last) !== 0 && revisionOf(last) !== revision)
    yield `its value ${value} was acknowledged with revision ${revisionOf(last)} and not ${revision}`;
  if (last.outcome.kind !== 'unknown' || !last.isOrdered) return;
  // The time at which it was stored is unknown, but it is before any later acknowledged write of the same session.
  const later = writes
    .slice(writes.indexOf(last) + 1)
    .find(({ session, outcome }) => session === last.session && outcome.kind === 'stored');
  if (later !== undefined) yield `its value ${value} was overwritten by ${later.value}, which was acknowledged`;
}

/** Returns writes of others while a session held the lock. */
function* intrusions({ writes, heard }: AddressBook, holds: readonly LockHold[]): Iterable<string> {
  if (holds.length === 0) return;
  const byValue = new Map(writes.map((write) => [write.value, write]));
  const byRevision = new Map([...heard].map(([revision, value]) => [revision, byValue.get(value)]));
  for (const write of writes) byRevision.set(revisionOf(write), write); // revision 0 is never looked up
  for (const { holder, fromRevision, toRevision } of holds) {
    for (let revision = fromRevision + 1; revision < toRevision; revision++) {
      const write = byRevision.get(revision);
      if (write !== undefined && write.author !== holder)
        yield `${write.value} was stored while ${holder} held the lock from ${fromRevision} to ${toRevision}`;
    }
  }
}

/** Checks whether the acknowledgements are consistent with each other and with the received values. */
function* faultsOfAnswers(stored: readonly Write[], heard: ReadonlyMap<number, string>): Iterable<string> {
  const byRevision = new Map<number, Write>();
  const newestOf = new Map<string, number>();
  for (const write of stored) {
    const revision = revisionOf(write);
    if (revision === 0) continue;
    const twin = byRevision.get(revision);
    if (twin !== undefined) yield `revision ${revision} was acknowledged for ${twin.value} and for ${write.value}`;
    byRevision.set(revision, write);
    const told = heard.get(revision);
    if (told !== undefined && told !== write.value)
      yield `revision ${revision} was acknowledged for ${write.value}, and subscribers heard ${told}`;
    if (!write.isOrdered) continue;
    const before = newestOf.get(write.session) ?? 0;
    if (revision <= before)
      yield `${write.value} was acknowledged with revision ${revision}, behind ${before} of its session`;
    newestOf.set(write.session, revision);
  }
}

/** Returns 0 if the revision is unknown. */
function revisionOf({ outcome }: Write): number {
  return outcome.kind === 'stored' ? (outcome.revision ?? 0) : 0;
}
