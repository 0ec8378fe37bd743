import type { FeedMessage, SessionRow } from '../feed.js';

export type SessionsMessage = Extract<FeedMessage, { readonly type: 'sessions' }>;

export type SessionColumn = 'name' | 'state' | 'transport' | 'address' | 'since' | 'in' | 'out' | 'queue' | 'error';

export interface SessionOrder {
  readonly column: SessionColumn;
  readonly descending: boolean;
}

/** Totals of all sessions. */
export interface SessionTotals {
  readonly sessions: number;
  /** Per second. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Number of sessions per state. */
  readonly states: ReadonlyMap<string, number>;
}

/** All sessions that the router has sent. */
export class SessionTable {
  readonly #rows = new Map<string, SessionRow>();
  #total = 0;

  /** Removes all rows; the next message contains all sessions. */
  clear(): void {
    this.#rows.clear();
    this.#total = 0;
  }

  apply({ rows, removed, total }: SessionsMessage): void {
    for (const id of removed) this.#rows.delete(id);
    for (const row of rows) this.#rows.set(row.id, row);
    this.#total = total;
  }

  get all(): Iterable<SessionRow> {
    return this.#rows.values();
  }

  withActor(actor: string): SessionRow | undefined {
    for (const row of this.#rows.values()) if (row.actor === actor) return row;
    return undefined;
  }

  totals(): SessionTotals {
    const states = new Map<string, number>();
    let [messagesIn, messagesOut] = [0, 0];
    for (const row of this.#rows.values()) {
      states.set(row.state, (states.get(row.state) ?? 0) + 1);
      messagesIn += row.messagesIn;
      messagesOut += row.messagesOut;
    }
    return { sessions: this.#total, messagesIn, messagesOut, states };
  }

  /**
   * Returns the rows whose visible texts contain every word of the filter. @param state only sessions in this state
   */
  visible(filter: string, state: string | undefined, order: SessionOrder): SessionRow[] {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...this.#rows.values()].filter(
      (row) => (state === undefined || row.state === state) && hasAll(row, words),
    );
    const sign = order.descending ? -1 : 1;
    // Equal rows are ordered by id, so that their order is stable.
    return rows.sort((a, b) => sign * compare(a, b, order.column) || collator.compare(a.id, b.id));
  }
}

/** Returns the initial order of a column: figures descending, texts ascending. */
export function firstOrder(column: SessionColumn): SessionOrder {
  return { column, descending: ['in', 'out', 'queue', 'error'].includes(column) };
}

const collator = new Intl.Collator('en', { numeric: true });

function hasAll(row: SessionRow, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { id, name, transport, remoteAddress, state, subject = '', lastError } = row;
  const text = [id, name, transport, remoteAddress, state, subject, lastError?.code, lastError?.text].join(' ');
  const lower = text.toLowerCase();
  return words.every((word) => lower.includes(word));
}

function compare(a: SessionRow, b: SessionRow, column: SessionColumn): number {
  switch (column) {
    case 'name':
      return collator.compare(a.name, b.name);
    case 'state':
      return collator.compare(a.state, b.state);
    case 'transport':
      return collator.compare(a.transport, b.transport);
    case 'address':
      return collator.compare(a.remoteAddress, b.remoteAddress);
    case 'since':
      return a.sinceMs - b.sinceMs;
    case 'in':
      return a.messagesIn - b.messagesIn;
    case 'out':
      return a.messagesOut - b.messagesOut;
    case 'queue':
      return a.queueBytes - b.queueBytes;
    case 'error':
      return (a.lastError?.atMs ?? 0) - (b.lastError?.atMs ?? 0);
  }
}
