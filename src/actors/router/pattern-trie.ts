import { addressSegments } from '../../protocol/address.js';
import { matchSegment, type Pattern } from '../../protocol/pattern.js';
import { isSystemAddress, SYSTEM_SEGMENT } from './system-addresses.js';

/**
 * A node for each pattern segment; the nodes of `*`, `**` and `x*y` stand beside the literal ones. Of a hostile peer's patterns
 * nearly every segment is a node of its own, with one child or none: so nothing is kept but for what is there. With three empty
 * collections in it a node was 620 bytes, without them 105.
 */
class Node<T> {
  readonly segment: string;
  /** A number of its own, so that (node, segment) pairs already seen can be told by one integer. */
  readonly serial: number;
  literals: Children<T> = undefined;
  partials: Children<T> = undefined;
  star: Node<T> | undefined = undefined;
  globstar: Node<T> | undefined = undefined;
  items: Set<T> | undefined = undefined;

  constructor(segment: string, serial: number) {
    this.segment = segment;
    this.serial = serial;
  }

  /** Whether this node stands for `**` and so may swallow segments. */
  get isGlobstar(): boolean {
    return this.segment === GLOBSTAR;
  }

  get isBare(): boolean {
    return (
      this.items === undefined &&
      this.literals === undefined &&
      this.partials === undefined &&
      this.star === undefined &&
      this.globstar === undefined
    );
  }
}

/** None, the only one, or several by their segment. */
type Children<T> = Node<T> | Map<string, Node<T>> | undefined;

const GLOBSTAR = '**';

/** Things by patterns: whatever pattern matches an address is found at the cost of what matches, not of what there is. */
export class PatternTrie<T> {
  readonly #root = new Node<T>('', 0);
  #serial = 1;

  /** Whether not even a branch without anything on it is left. */
  get isEmpty(): boolean {
    return this.#root.isBare;
  }

  /** Whether any pattern begins with this very segment. */
  hasBelow(segment: string): boolean {
    return childOf(this.#root.literals, segment) !== undefined;
  }

  add(pattern: Pattern, item: T): void {
    let node = this.#root;
    for (const segment of patternSegments(pattern)) node = this.#child(node, segment);
    (node.items ??= new Set()).add(item);
  }

  /** Takes it out and prunes the branch it leaves bare. @returns whether it was there */
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

  /** Everything whose pattern matches. What is below `/$clasp` is matched only by patterns that name it. */
  matches(address: string): Set<T> {
    const segments = addressSegments(address);
    const found = new Set<T>();
    // Only patterns with `**` can reach a node by two ways; remembering where we were keeps a chain of them at
    // nodes × segments steps instead of exponentially many.
    const seen = new Set<number>();
    const visit = (node: Node<T>, at: number): void => {
      if (node.isGlobstar) {
        const place = node.serial * (segments.length + 1) + at;
        if (seen.has(place)) return;
        seen.add(place);
      }
      if (at === segments.length) {
        if (node.items !== undefined) for (const item of node.items) found.add(item);
        if (node.globstar !== undefined) visit(node.globstar, at);
        return;
      }
      const segment = segments[at]!;
      if (node.isGlobstar) visit(node, at + 1);
      const literal = childOf(node.literals, segment);
      if (literal !== undefined) visit(literal, at + 1);
      if (node.star !== undefined) visit(node.star, at + 1);
      const { partials } = node;
      if (partials instanceof Map) {
        for (const [pattern, partial] of partials) {
          if (matchSegment(pattern, segment)) visit(partial, at + 1);
        }
      } else if (partials !== undefined && matchSegment(partials.segment, segment)) {
        visit(partials, at + 1);
      }
      if (node.globstar !== undefined) visit(node.globstar, at);
    };
    if (isSystemAddress(address)) {
      const own = childOf(this.#root.literals, SYSTEM_SEGMENT);
      if (own !== undefined) visit(own, 1);
    } else {
      visit(this.#root, 0);
    }
    return found;
  }

  #child(node: Node<T>, segment: string): Node<T> {
    const existing = existingChild(node, segment);
    if (existing !== undefined) return existing;
    const child = new Node<T>(segment === GLOBSTAR ? GLOBSTAR : segment, this.#serial++);
    if (segment === GLOBSTAR) node.globstar = child;
    else if (segment === '*') node.star = child;
    else if (segment.includes('*')) node.partials = withChild(node.partials, child);
    else node.literals = withChild(node.literals, child);
    return child;
  }
}

/** How many nodes a pattern takes where nothing else begins like it. */
export function nodesOf(pattern: Pattern): number {
  return patternSegments(pattern).length;
}

/** Segments of a pattern; a run of `**` means what one `**` means. */
function patternSegments(pattern: Pattern): string[] {
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
