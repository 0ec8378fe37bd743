import { type DueEntry, DueQueue } from '../scheduling/due-queue.js';

/**
 * A node for the names before the first wildcards of some patterns, with the weights of these patterns. Most nodes have
 * one child or none, so several children have a separate structure: a change costs O(log n) among n children, and a
 * chain of nodes takes 100 bytes per node.
 */
export class Prefix {
  readonly parent: Prefix | undefined;
  readonly name: string;
  /** Sum of the weights of the patterns whose wildcards begin here. */
  own = 0;
  /** Maximum sum in the subtree below. */
  below = 0;
  #only: Prefix | undefined;
  #several: Siblings | undefined;
  /** Entry among its siblings. */
  #place: DueEntry<Prefix> | undefined;

  constructor(parent?: Prefix, name = '') {
    this.parent = parent;
    this.name = name;
  }

  get(name: string): Prefix | undefined {
    if (this.#several !== undefined) return this.#several.byName.get(name);
    return this.#only?.name === name ? this.#only : undefined;
  }

  child(name: string): Prefix {
    const existing = this.get(name);
    if (existing !== undefined) return existing;
    const child = new Prefix(this, name);
    if (this.#several === undefined && this.#only === undefined) {
      this.#only = child;
      return child;
    }
    this.#several ??= new Siblings();
    if (this.#only !== undefined) this.#keep(this.#only, this.#several);
    this.#only = undefined;
    this.#keep(child, this.#several);
    return child;
  }

  /** Adds to the weight of this node and removes nodes without patterns. */
  change(weight: number): void {
    this.own += weight;
    let node: Prefix = this; // eslint-disable-line @typescript-eslint/no-this-alias -- start of the walk to the root
    while (node.parent !== undefined) {
      const { parent } = node;
      parent.#childChanged(node);
      const below = parent.#heaviestChild();
      const isUnchanged = below === parent.below;
      parent.below = below;
      if (isUnchanged && !parent.#isBare) return;
      node = parent;
    }
  }

  get #isBare(): boolean {
    return this.own === 0 && this.#only === undefined && this.#several === undefined;
  }

  #keep(child: Prefix, siblings: Siblings): void {
    siblings.byName.set(child.name, child);
    child.#place = siblings.heaviestFirst.push(child, -(child.own + child.below));
  }

  #childChanged(child: Prefix): void {
    const several = this.#several;
    if (several === undefined) {
      if (child.#isBare) this.#only = undefined;
      return;
    }
    if (child.#place === undefined) return; // unreachable: each of several children has an entry
    if (!child.#isBare) {
      several.heaviestFirst.move(child.#place, -(child.own + child.below));
      return;
    }
    several.byName.delete(child.name);
    several.heaviestFirst.remove(child.#place);
    if (several.byName.size === 0) this.#several = undefined;
  }

  #heaviestChild(): number {
    const only = this.#only;
    if (only !== undefined) return only.own + only.below;
    return this.#several === undefined ? 0 : -this.#several.heaviestFirst.dueMicros;
  }
}

/** Several children of one node. */
class Siblings {
  readonly byName = new Map<string, Prefix>();
  /** Keyed by negative weight. */
  readonly heaviestFirst = new DueQueue<Prefix>();
}
