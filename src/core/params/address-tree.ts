import { addressSegments } from '../../protocol/address.js';
import { matchSegment, matchSegments, segmentSteps } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';

/** An item identified by its address. */
export interface Addressed {
  readonly address: string;
}

/**
 * A branch of the address tree. An item without addresses below it is stored in its parent, so leaves need no node.
 * Most branches of deep addresses have one child, for which a map would use most of the memory.
 */
class Branch<T extends Addressed> {
  item: T | undefined = undefined;
  /** Name of the only child. */
  name = '';
  only: Branch<T> | T | undefined = undefined;
  /** Created for the second child. It is kept from then on, because iterators can refer to it. */
  several: Map<string, Branch<T> | T> | undefined = undefined;

  get isBare(): boolean {
    return this.several === undefined ? this.only === undefined : this.several.size === 0;
  }

  get(name: string): Branch<T> | T | undefined {
    if (this.several !== undefined) return this.several.get(name);
    return this.name === name ? this.only : undefined;
  }

  set(name: string, child: Branch<T> | T): void {
    if (this.several === undefined && this.only !== undefined && this.name !== name) {
      this.several = new Map([[this.name, this.only]]);
      this.only = undefined;
    }
    if (this.several !== undefined) {
      this.several.set(name, child);
      return;
    }
    this.name = name;
    this.only = child;
  }

  delete(name: string): void {
    if (this.several !== undefined) this.several.delete(name);
    else if (this.name === name) this.only = undefined;
  }

  /** Safe while children are added and removed. */
  *entries(): IterableIterator<[name: string, child: Branch<T> | T]> {
    if (this.several !== undefined) yield* this.several;
    else if (this.only !== undefined) yield [this.name, this.only];
  }
}

/** Items by the segments of their addresses, so that `/lights/3/**` costs what it matches, not the total. */
export class AddressTree<T extends Addressed> {
  readonly #root = new Branch<T>();

  /** Whether the tree has no branches left. */
  get isEmpty(): boolean {
    return this.#root.isBare;
  }

  /** Adds an item, or replaces the one at its address. */
  add(item: T): void {
    const segments = addressSegments(item.address);
    const last = segments.pop()!; // split() never returns an empty array
    let branch = this.#root;
    for (const segment of segments) branch = descend(branch, segment);
    const existing = branch.get(last);
    if (existing instanceof Branch) existing.item = item;
    else branch.set(last, item);
  }

  /** Removes an item and prunes the empty branches. */
  remove(item: T): void {
    const segments = addressSegments(item.address);
    const path: Branch<T>[] = [this.#root];
    for (const segment of segments.slice(0, -1)) {
      const next = path.at(-1)!.get(segment);
      if (!(next instanceof Branch)) return;
      path.push(next);
    }
    const parent = path.at(-1)!;
    const last = segments.at(-1)!;
    const existing = parent.get(last);
    if (existing instanceof Branch) existing.item = undefined;
    else if (existing === item) parent.delete(last);
    for (let i = path.length - 1; i > 0; i--) {
      const branch = path[i]!;
      if (!branch.isBare) return;
      if (branch.item === undefined) path[i - 1]!.delete(segments[i - 1]!);
      else path[i - 1]!.set(segments[i - 1]!, branch.item); // a leaf again
      if (branch.item !== undefined) return;
    }
  }

  /**
   * Returns the matching items. Lazy, and safe while items are added and removed, so a long walk can pause between
   * ticks. Yields undefined for each checked item that does not match, so that it can pause there too.
   *
   * @param counter counts checked items and comparisons
   */
  matching(segments: readonly string[], counter: StepCounter = new StepCounter()): IterableIterator<T | undefined> {
    return walk(this.#root, segments, counter);
  }
}

function descend<T extends Addressed>(branch: Branch<T>, segment: string): Branch<T> {
  const existing = branch.get(segment);
  if (existing instanceof Branch) return existing;
  const below = new Branch<T>();
  below.item = existing;
  branch.set(segment, below);
  return below;
}

/** Position where a walk has several children left. */
interface Fork<T extends Addressed> {
  readonly children: Iterator<[name: string, child: Branch<T> | T]>;
  /** Number of names that lead there. */
  readonly depth: number;
}

/**
 * Follows the literal and `*` part of a pattern down the tree, and filters everything below the first `**`. Uses an
 * explicit stack: nested generators would pass each item through all levels above it.
 */
function* walk<T extends Addressed>(
  root: Branch<T>,
  pattern: readonly string[],
  counter: StepCounter,
): IterableIterator<T | undefined> {
  const forks: Fork<T>[] = [];
  /** Current branch, and the number of pattern segments that led there. */
  let branch: Branch<T> | undefined = root;
  let depth = 0;
  for (;;) {
    const segment = pattern[depth]!;
    let child: Branch<T> | T | undefined;
    if (branch !== undefined && segment === '**') {
      yield* below(branch, pattern.slice(depth), counter);
    } else if (branch !== undefined && segment.includes('*')) {
      forks.push({ children: branch.entries(), depth });
    } else if (branch !== undefined) {
      counter.steps++;
      child = branch.get(segment);
      if (child === undefined) yield undefined;
    }
    while (child === undefined) {
      const fork = forks.at(-1);
      if (fork === undefined) return;
      const chosen = fork.children.next();
      if (chosen.done === true) {
        forks.pop();
        continue;
      }
      const [name, next] = chosen.value;
      const wanted = pattern[fork.depth]!;
      counter.steps += segmentSteps(wanted, name);
      if (!matchSegment(wanted, name)) {
        yield undefined;
        continue;
      }
      child = next;
      depth = fork.depth;
    }
    depth++;
    const item = child instanceof Branch ? child.item : child;
    if (item !== undefined) yield restIsGlobstars(pattern, depth) ? item : undefined;
    branch = depth < pattern.length && child instanceof Branch ? child : undefined;
  }
}

/** Everything below, filtered by the rest of the pattern. */
function* below<T extends Addressed>(
  branch: Branch<T>,
  rest: readonly string[],
  counter: StepCounter,
): IterableIterator<T | undefined> {
  const tail = rest.lastIndexOf('**') + 1;
  const forks: Fork<T>[] = [];
  /** Names from the branch to the current position. */
  const path: string[] = [];
  let at: Branch<T> | T | undefined = branch;
  for (;;) {
    let next: [name: string, child: Branch<T> | T] | undefined;
    if (at instanceof Branch && at.several !== undefined) {
      forks.push({ children: at.several.entries(), depth: path.length });
    } else if (at instanceof Branch && at.only !== undefined) {
      next = [at.name, at.only];
    }
    while (next === undefined) {
      const fork = forks.at(-1);
      if (fork === undefined) return;
      const chosen = fork.children.next();
      path.length = fork.depth;
      if (chosen.done === true) forks.pop();
      else next = chosen.value;
    }
    counter.steps++;
    path.push(next[0]);
    at = next[1];
    const item: T | undefined = at instanceof Branch ? at.item : at;
    if (item !== undefined) yield fits(rest, tail, path, counter) ? item : undefined;
  }
}

/**
 * The segments after the last `**` must match the end of the path, so they are compared first, from the end. If that is
 * the only `**`, no other comparison is needed.
 */
function fits(rest: readonly string[], tail: number, path: readonly string[], counter: StepCounter): boolean {
  const shift = path.length - rest.length;
  if (shift + tail < 0) return false;
  for (let i = rest.length - 1; i >= tail; i--) {
    const name = path[i + shift]!;
    counter.steps += segmentSteps(rest[i]!, name);
    if (!matchSegment(rest[i]!, name)) return false;
  }
  return tail === 1 || matchSegments(rest, path, counter);
}

function restIsGlobstars(pattern: readonly string[], at: number): boolean {
  for (let i = at; i < pattern.length; i++) if (pattern[i] !== '**') return false;
  return true;
}
