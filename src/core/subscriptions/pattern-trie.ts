import { addressSegments } from '../../protocol/address.js';
import { matchSegment, type Pattern, segmentSteps } from '../../protocol/pattern.js';
import { StepCounter } from '../../protocol/step-counter.js';
import { isSystemAddress, SYSTEM_SEGMENT } from '../system/system-addresses.js';

/**
 * A node per pattern segment. The nodes of `*`, `**` and `x*y` are separate from the literal ones. With a hostile
 * peer's patterns, nearly every segment is a node of its own with at most one child. Collections are therefore created
 * on demand: a node takes 105 bytes, against 620 with three empty collections.
 */
class Node<T> {
  readonly segment: string;
  literals: Children<T> = undefined;
  partials: Children<T> = undefined;
  star: Node<T> | undefined = undefined;
  globstar: Node<T> | undefined = undefined;
  items: Set<T> | undefined = undefined;

  constructor(segment: string) {
    this.segment = segment;
  }

  /** Whether no pattern continues below. */
  get isLeaf(): boolean {
    return (
      this.literals === undefined &&
      this.partials === undefined &&
      this.star === undefined &&
      this.globstar === undefined
    );
  }

  get isBare(): boolean {
    return this.items === undefined && this.isLeaf;
  }
}

/** No child, one child, or several by segment. */
type Children<T> = Node<T> | Map<string, Node<T>> | undefined;

const GLOBSTAR = '**';

/** Items by pattern. Finding the patterns that match an address costs what matches, not the total. */
export class PatternTrie<T> {
  readonly #root = new Node<T>('');

  /** Whether the trie has no nodes left. */
  get isEmpty(): boolean {
    return this.#root.isBare;
  }

  /** Whether any pattern begins with this literal segment. */
  hasBelow(segment: string): boolean {
    return childOf(this.#root.literals, segment) !== undefined;
  }

  add(pattern: Pattern, item: T): void {
    let node = this.#root;
    for (const segment of patternSegments(pattern)) node = this.#child(node, segment);
    (node.items ??= new Set()).add(item);
  }

  /** Removes an item and prunes the empty branch. @returns whether the item existed */
  remove(pattern: Pattern, item: T): boolean {
    const segments = patternSegments(pattern);
    const path: Node<T>[] = [this.#root];
    for (const segment of segments) {
      const next = existingChild(path.at(-1)!, segment);
      if (next === undefined) return false;
      path.push(next);
    }
    const last = path.at(-1)!;
    if (last.items?.delete(item) !== true) return false;
    if (last.items.size === 0) last.items = undefined;
    for (let i = segments.length; i > 0 && path[i]!.isBare; i--) removeChild(path[i - 1]!, segments[i - 1]!);
    return true;
  }

  /**
   * Returns all items whose pattern matches. Addresses below `/$clasp` match only patterns that name this segment.
   *
   * All patterns advance together, one address segment at a time, so a node is visited at most once per segment: see
   * {@link patternWeight} for the bound.
   *
   * @param counter counts node visits and comparisons
   */
  matches(address: string, counter: StepCounter = new StepCounter()): Set<T> {
    const segments = addressSegments(address);
    const walk = new Walk<T>(counter);
    if (isSystemAddress(address)) {
      const own = childOf(this.#root.literals, SYSTEM_SEGMENT);
      if (own !== undefined) walk.enter(own);
      segments.shift();
    } else {
      walk.enter(this.#root);
    }
    for (const segment of segments) {
      if (walk.isOver) break;
      walk.advance(segment);
    }
    return walk.end();
  }

  #child(node: Node<T>, segment: string): Node<T> {
    const existing = existingChild(node, segment);
    if (existing !== undefined) return existing;
    const child = new Node<T>(segment === GLOBSTAR ? GLOBSTAR : segment);
    if (segment === GLOBSTAR) node.globstar = child;
    else if (segment === '*') node.star = child;
    else if (segment.includes('*')) node.partials = withChild(node.partials, child);
    else node.literals = withChild(node.literals, child);
    return child;
  }
}

/**
 * Positions of all patterns while an address is read. Each node occurs at most once per segment, because it has one
 * parent.
 */
class Walk<T> {
  readonly #counter: StepCounter;
  /** Nodes whose segment matched the last one read. */
  #current: Node<T>[] = [];
  /**
   * Nodes of `**`, which stay, because each matches any number of segments. A node behind another `**` is entered
   * repeatedly.
   */
  readonly #staying: Node<T>[] = [];
  readonly #entered = new Set<Node<T>>();
  readonly #found = new Set<T>();
  /** Results of partial wildcards by segment, cached while a `**` can repeat the comparison. */
  #known: Map<string, Map<string, boolean>> | undefined;

  constructor(counter: StepCounter) {
    this.#counter = counter;
  }

  /** Whether no pattern can match anymore. */
  get isOver(): boolean {
    return this.#current.length === 0 && this.#staying.length === 0;
  }

  enter(node: Node<T>): void {
    this.#current.push(node);
    if (node.globstar !== undefined) this.#enterGlobstar(node.globstar);
  }

  advance(segment: string): void {
    const before = this.#current;
    const staying = this.#staying.length; // nodes entered in the loop begin with the next segment
    this.#current = [];
    for (const node of before) this.#leave(node, segment);
    for (let i = 0; i < staying; i++) this.#leave(this.#staying[i]!, segment);
    this.#counter.steps += before.length + staying;
  }

  /** Ends the address. @returns the items of all patterns that match it */
  end(): Set<T> {
    for (const { items } of this.#current) this.#find(items);
    return this.#found;
  }

  /** A pattern that ends with `**` matches here, whatever follows. */
  #enterGlobstar(globstar: Node<T>): void {
    if (this.#entered.has(globstar)) return;
    this.#entered.add(globstar);
    this.#find(globstar.items);
    if (!globstar.isLeaf) this.#staying.push(globstar);
  }

  #find(items: ReadonlySet<T> | undefined): void {
    if (items !== undefined) for (const item of items) this.#found.add(item);
  }

  #leave(node: Node<T>, segment: string): void {
    const literal = childOf(node.literals, segment);
    if (literal !== undefined) this.enter(literal);
    if (node.star !== undefined) this.enter(node.star);
    const { partials } = node;
    if (partials instanceof Map) {
      for (const [text, partial] of partials) if (this.#fits(text, segment)) this.enter(partial);
    } else if (partials !== undefined && this.#fits(partials.segment, segment)) {
      this.enter(partials);
    }
  }

  #fits(partial: string, segment: string): boolean {
    this.#counter.steps++;
    if (this.#staying.length === 0) return this.#compare(partial, segment);
    this.#known ??= new Map();
    let bySegment = this.#known.get(segment);
    if (bySegment === undefined) {
      bySegment = new Map();
      this.#known.set(segment, bySegment);
    }
    let fits = bySegment.get(partial);
    if (fits === undefined) {
      fits = this.#compare(partial, segment);
      bySegment.set(partial, fits);
    }
    return fits;
  }

  #compare(partial: string, segment: string): boolean {
    this.#counter.steps += segmentSteps(partial, segment);
    return matchSegment(partial, segment);
  }
}

/** Returns the number of nodes of a pattern that shares no prefix. */
export function nodesOf(pattern: Pattern): number {
  return patternSegments(pattern).length;
}

/** Returns the segments of a pattern. Consecutive `**` count as one. */
export function patternSegments(pattern: Pattern): string[] {
  return addressSegments(pattern).filter((segment, i, all) => segment !== GLOBSTAR || all[i - 1] !== GLOBSTAR);
}

function existingChild<T>(node: Node<T>, segment: string): Node<T> | undefined {
  if (segment === GLOBSTAR) return node.globstar;
  if (segment === '*') return node.star;
  return childOf(segment.includes('*') ? node.partials : node.literals, segment);
}

function removeChild<T>(node: Node<T>, segment: string): void {
  if (segment === GLOBSTAR) node.globstar = undefined;
  else if (segment === '*') node.star = undefined;
  else if (segment.includes('*')) node.partials = withoutChild(node.partials, segment);
  else node.literals = withoutChild(node.literals, segment);
}

function childOf<T>(children: Children<T>, segment: string): Node<T> | undefined {
  if (children instanceof Map) return children.get(segment);
  return children?.segment === segment ? children : undefined;
}

function withChild<T>(children: Children<T>, child: Node<T>): Children<T> {
  if (children === undefined) return child;
  if (children instanceof Map) return children.set(child.segment, child);
  return new Map([
    [children.segment, children],
    [child.segment, child],
  ]);
}

function withoutChild<T>(children: Children<T>, segment: string): Children<T> {
  if (!(children instanceof Map)) return undefined;
  children.delete(segment);
  if (children.size > 1) return children;
  for (const only of children.values()) return only;
  return undefined;
}
