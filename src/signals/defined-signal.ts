import { $ZodAsyncError, config, util } from 'zod/v4/core';
import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import { timelineFromValue } from '../protocol/timeline.js';
import type { Value } from '../protocol/values/value.js';
import type { ValueSchema } from './declaration.js';
import { plainFrom } from './plain.js';
import type { SchemaFacts } from './schema-facts.js';

/** One definition, ready to judge what is written at its addresses. */
export class DefinedSignal {
  /** The address it was declared at. */
  readonly declaredAt: string;
  /** What is announced; its address has `*` for `:name`. */
  readonly definition: SignalDefinition;
  readonly #schema: ValueSchema | undefined;
  readonly #exactInts: boolean;
  readonly #maxItems: number;
  /** Whether null is a value of it; otherwise it is how some clients send nothing. */
  readonly #takesNull: boolean;

  constructor(
    declaredAt: string,
    definition: SignalDefinition,
    schema: ValueSchema | undefined,
    { wantsBigints, maxItems = Infinity }: SchemaFacts,
  ) {
    this.declaredAt = declaredAt;
    this.definition = definition;
    this.#schema = schema;
    this.#exactInts = wantsBigints;
    this.#maxItems = maxItems;
    this.#takesNull = schema !== undefined && this.#takes(null);
  }

  get type(): SignalType {
    return this.definition.type;
  }

  /** Why a message that arrives is refused, or undefined. @param phase of a gesture, where it is known */
  refusal(type: SignalType, value: Value | undefined, phase?: GesturePhase): string | undefined {
    if (type !== this.type) return `this address is defined as ${this.type}, not as ${type}`;
    if (type !== 'timeline') return this.fault(this.content(value), phase);
    const timeline = value === undefined ? undefined : timelineFromValue(value);
    return timeline === undefined
      ? 'Invalid value: it is no timeline'
      : this.timelineFault(timeline.keyframes.map((keyframe) => this.content(keyframe.value.decode())));
  }

  /**
   * A value as the schema and typed listeners see it. What passes through may come without one; the official JavaScript client says
   * null then, so where null is no value it means none.
   */
  content(value: Value | undefined): unknown {
    if (value === undefined) return undefined;
    if (value === null) return this.type === 'param' || this.#takesNull ? null : undefined;
    return plainFrom(value, this.#exactInts);
  }

  /**
   * Why content is refused, or undefined.
   *
   * @param phase of a gesture, where it is known: only its start and its moves need a value
   */
  fault(content: unknown, phase?: GesturePhase): string | undefined {
    if (this.#schema === undefined)
      return content === undefined ? undefined : `Invalid value: this ${this.type} has none`;
    if (content === undefined && this.type === 'gesture' && phase !== 'start' && phase !== 'move') return undefined;
    const fault = this.#fault(content);
    if (fault === undefined) return undefined;
    // A run of samples: each of them is a value.
    const isRun = this.type === 'stream' && Array.isArray(content) && content.length > 0;
    if (isRun && content.every((sample) => this.#fault(sample) === undefined)) return undefined;
    return `Invalid value: ${fault}`;
  }

  /** The same for the values of a timeline's keyframes. */
  timelineFault(contents: readonly unknown[]): string | undefined {
    for (const [index, content] of contents.entries()) {
      const fault = this.#fault(content);
      if (fault !== undefined) return `Invalid value: keyframe ${index}: ${fault}`;
    }
    return undefined;
  }

  /** A check of the user's own may throw at what it never expected. */
  #takes(content: unknown): boolean {
    try {
      return this.#fault(content) === undefined;
    } catch {
      return false;
    }
  }

  /** What the schema says. Only its first issue is spelled out: a frame full of wrong values has tens of thousands. */
  #fault(content: unknown): string | undefined {
    if (this.#schema === undefined) return undefined;
    // zod counts a list only when it has looked at each element, which for a hostile frame can take it 30 ms.
    if (Array.isArray(content) && content.length > this.#maxItems) {
      return `Too big: expected array to have <=${this.#maxItems} items`;
    }
    const result = this.#schema._zod.run({ value: content, issues: [] }, { async: false });
    if (result instanceof Promise) throw new $ZodAsyncError();
    const [issue] = result.issues;
    if (issue === undefined) return undefined;
    const { message, path } = util.finalizeIssue(issue, undefined, config());
    return shortened(path.length === 0 ? message : `${message} (at ${path.map(String).join('.')})`);
  }
}

const MAX_FAULT_LENGTH = 200;

/** Texts of schemas repeat keys of the value, which may be as long as a frame. */
function shortened(text: string): string {
  return text.length <= MAX_FAULT_LENGTH ? text : `${text.slice(0, MAX_FAULT_LENGTH).replace(/[\ud800-\udbff]$/, '')}…`;
}
