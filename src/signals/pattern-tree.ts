import { addressSegments } from '../protocol/address.js';
import { matchSegment } from '../protocol/pattern.js';

/** Map from patterns, whose only wildcards are `*` segments, to items. Items are found by address. */
export class PatternTree<T> {
  readonly #root = new Node<T>();

  /** @param pattern must not be in the tree yet */
  add(pattern: string, item: T): void {
    let node = this.#root;
    for (const segment of addressSegments(pattern)) node = node.child(segment);
    node.item = item;
  }

  /**
   * Returns the item at the most specific pattern for an address. A literal segment takes precedence over `*`, segment
   * by segment. `defineSignals` ensures that of two overlapping patterns one covers the other, so the first item found
   * is the most specific one.
   */
  find(address: string): T | undefined {
    return find(this.#root, addressSegments(address), 0);
  }

  /**
   * Returns the items of all patterns that have an address in common with this pattern, which can have any wildcards.
   */
  meeting(pattern: string): Set<T> {
    const found = new Set<T>();
    collect(this.#root, addressSegments(pattern), 0, found);
    return found;
  }
}

class Node<T> {
  readonly literals = new Map<string, Node<T>>();
  any: Node<T> | undefined;
  item: T | undefined;

  child(segment: string): Node<T> {
    if (segment === '*') return (this.any ??= new Node<T>());
    let child = this.literals.get(segment);
    if (child === undefined) this.literals.set(segment, (child = new Node<T>()));
    return child;
  }

  *children(): Iterable<Node<T>> {
    yield* this.literals.values();
    if (this.any !== undefined) yield this.any;
  }
}

/** Visits a node at most once, so the cost is bounded by the size of the tree. */
function find<T>(node: Node<T>, address: readonly string[], at: number): T | undefined {
  const segment = address[at];
  if (segment === undefined) return node.item;
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : find(literal, address, at + 1);
  if (found !== undefined || node.any === undefined) return found;
  return find(node.any, address, at + 1);
}

function collect<T>(node: Node<T>, pattern: readonly string[], at: number, found: Set<T>): void {
  const segment = pattern[at];
  if (segment === undefined) {
    if (node.item !== undefined) found.add(node.item);
    return;
  }
  if (segment === '**') {
    collect(node, pattern, at + 1, found);
    for (const child of node.children()) collect(child, pattern, at, found);
    return;
  }
  for (const [text, child] of segment.includes('*') ? node.literals : literal(node, segment)) {
    if (matchSegment(segment, text)) collect(child, pattern, at + 1, found);
  }
  if (node.any !== undefined) collect(node.any, pattern, at + 1, found);
}

function literal<T>(node: Node<T>, segment: string): [string, Node<T>][] {
  const child = node.literals.get(segment);
  return child === undefined ? [] : [[segment, child]];
}
