import { addressSegments } from '../../protocol/address.js';
import { matchSegment, matchSegments } from '../../protocol/pattern.js';
import { type Param } from './param.js';

/** A branch of the address tree. A param without addresses below it hangs in its parent's map itself: leaves cost no node. */
class Branch {
  param: Param | undefined;
  readonly children = new Map<string, Branch | Param>();
}

/** Params by the segments of their addresses, so that `/lights/3/**` costs what it matches and not what there is. */
export class ParamTree {
  readonly #root = new Branch();

  add(param: Param): void {
    const segments = addressSegments(param.address);
    const last = segments.pop()!; // split never gives an empty list
    let branch = this.#root;
    for (const segment of segments) branch = descend(branch, segment);
    const existing = branch.children.get(last);
    if (existing instanceof Branch) existing.param = param;
    else branch.children.set(last, param);
  }

  /** Takes it out and prunes the branches it leaves bare. */
  remove(param: Param): void {
    const segments = addressSegments(param.address);
    const path: Branch[] = [this.#root];
    for (const segment of segments.slice(0, -1)) {
      const next = path.at(-1)!.children.get(segment);
      if (!(next instanceof Branch)) return;
      path.push(next);
    }
    const parent = path.at(-1)!;
    const last = segments.at(-1)!;
    const existing = parent.children.get(last);
    if (existing instanceof Branch) existing.param = undefined;
    else if (existing === param) parent.children.delete(last);
    for (let i = path.length - 1; i > 0; i--) {
      const branch = path[i]!;
      if (branch.children.size > 0) return;
      if (branch.param === undefined) path[i - 1]!.children.delete(segments[i - 1]!);
      else path[i - 1]!.children.set(segments[i - 1]!, branch.param); // a leaf again
      if (branch.param !== undefined) return;
    }
  }

  /**
   * All that match. Lazy, and safe while params come and go: a long walk can rest between ticks. So that it can rest as well
   * where little matches, it gives undefined for everything that was looked at and does not.
   */
  matching(segments: readonly string[]): IterableIterator<Param | undefined> {
    return walk(this.#root, segments, 0);
  }
}

function descend(branch: Branch, segment: string): Branch {
  const existing = branch.children.get(segment);
  if (existing instanceof Branch) return existing;
  const below = new Branch();
  below.param = existing;
  branch.children.set(segment, below);
  return below;
}

/** The literal and `*` part of a pattern leads down the tree; from the first `**` on, what lies below is filtered. */
function* walk(branch: Branch, pattern: readonly string[], at: number): IterableIterator<Param | undefined> {
  const segment = pattern[at]!;
  if (segment === '**') {
    const everything = restIsGlobstars(pattern, at);
    for (const param of below(branch)) {
      yield everything || matchSegments(pattern, addressSegments(param.address)) ? param : undefined;
    }
  } else if (segment.includes('*')) {
    for (const [name, child] of branch.children) {
      if (matchSegment(segment, name)) yield* enter(child, pattern, at + 1);
      else yield undefined;
    }
  } else {
    const child = branch.children.get(segment);
    if (child !== undefined) yield* enter(child, pattern, at + 1);
    else yield undefined;
  }
}

function* enter(child: Branch | Param, pattern: readonly string[], at: number): IterableIterator<Param | undefined> {
  const param = child instanceof Branch ? child.param : child;
  if (param !== undefined) yield restIsGlobstars(pattern, at) ? param : undefined;
  if (at < pattern.length && child instanceof Branch) yield* walk(child, pattern, at);
}

function* below(branch: Branch): IterableIterator<Param> {
  for (const child of branch.children.values()) {
    if (child instanceof Branch) {
      if (child.param !== undefined) yield child.param;
      yield* below(child);
    } else {
      yield child;
    }
  }
}

function restIsGlobstars(pattern: readonly string[], at: number): boolean {
  for (let i = at; i < pattern.length; i++) if (pattern[i] !== '**') return false;
  return true;
}
