import type { FeedMessage, SignalRow } from '../feed.js';

export type SignalsMessage = Extract<FeedMessage, { readonly type: 'signals' }>;

/** A line of the tree: an address segment, and the signal at it, if any. */
export interface TreeLine {
  /** The address up to this segment. */
  readonly path: string;
  readonly segment: string;
  /** 1 for the first segment. */
  readonly level: number;
  readonly signal: SignalRow | undefined;
  /** Number of signals below it. */
  readonly below: number;
  readonly isFolded: boolean;
}

interface Branch {
  readonly path: string;
  readonly segment: string;
  readonly children: Map<string, Branch>;
  /** Children in order; undefined after a child was added or removed. */
  sorted: readonly Branch[] | undefined;
  signal: SignalRow | undefined;
  below: number;
}

/** Params by their address segments. */
export class SignalTree {
  #root = branch('', '');
  readonly #folded = new Set<string>();
  readonly #signals = new Map<string, SignalRow>();

  /** Removes the signals, but keeps which lines are collapsed. */
  clear(): void {
    this.#root = branch('', '');
    this.#signals.clear();
  }

  apply({ rows, removed }: SignalsMessage): void {
    for (const address of removed) this.#remove(address);
    for (const row of rows) this.#put(row);
  }

  signalAt(address: string): SignalRow | undefined {
    return this.#signals.get(address);
  }

  fold(path: string, isFolded: boolean): void {
    if (isFolded) this.#folded.add(path);
    else this.#folded.delete(path);
  }

  /** Returns the visible lines, from top to bottom. */
  lines(): TreeLine[] {
    const lines: TreeLine[] = [];
    this.#collect(this.#root, 1, lines);
    return lines;
  }

  #collect(parent: Branch, level: number, lines: TreeLine[]): void {
    parent.sorted ??= [...parent.children.values()].sort((a, b) => collator.compare(a.segment, b.segment));
    for (const child of parent.sorted) {
      const { path, segment, signal, below } = child;
      const isFolded = below > 0 && this.#folded.has(path);
      lines.push({ path, segment, level, signal, below, isFolded });
      if (below > 0 && !isFolded) this.#collect(child, level + 1, lines);
    }
  }

  #put(row: SignalRow): void {
    const isNew = !this.#signals.has(row.address);
    this.#signals.set(row.address, row);
    let at = this.#root;
    for (const segment of segmentsOf(row.address)) {
      let next = at.children.get(segment);
      if (next === undefined) {
        next = branch(`${at.path}/${segment}`, segment);
        at.children.set(segment, next);
        at.sorted = undefined;
      }
      if (isNew) at.below++;
      at = next;
    }
    at.signal = row;
  }

  #remove(address: string): void {
    if (!this.#signals.delete(address)) return;
    const way = [this.#root];
    // the address was inserted before
    for (const segment of segmentsOf(address)) way.push(way.at(-1)!.children.get(segment)!);
    way.at(-1)!.signal = undefined;
    for (let depth = way.length - 1; depth > 0; depth--) {
      const [child, parent] = [way[depth]!, way[depth - 1]!];
      parent.below--;
      if (child.signal !== undefined || child.children.size > 0) continue;
      parent.children.delete(child.segment);
      parent.sorted = undefined;
    }
  }
}

const collator = new Intl.Collator('en', { numeric: true });

function branch(path: string, segment: string): Branch {
  return { path, segment, children: new Map(), sorted: undefined, signal: undefined, below: 0 };
}

/** `/` has one empty segment. */
function segmentsOf(address: string): readonly string[] {
  return address.slice(1).split('/');
}
