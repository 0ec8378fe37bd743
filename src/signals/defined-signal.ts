import { $ZodAsyncError, config, util } from 'zod/v4/core';
import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import { timelineFromValue } from '../protocol/timeline.js';
import type { Value } from '../protocol/values/value.js';
import type { ValueSchema } from './declaration.js';
import { plainFrom } from './plain.js';
import type { SchemaFacts } from './schema-facts.js';

/** One definition, prepared to validate writes at its addresses. */
export class DefinedSignal {
  /** The address in its declaration. */
  readonly declaredAt: string;
  /** The announced definition; its address has `*` for `:name`. */
  readonly definition: SignalDefinition;
  readonly #schema: ValueSchema | undefined;
  readonly #exactInts: boolean;
  readonly #maxItems: number;
  /** Whether null is one of its values. Otherwise null means no value, which some clients send. */
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

  /** Returns why a received message is rejected, or undefined. @param phase phase of a gesture, if known */
  refusal(type: SignalType, value: Value | undefined, phase?: GesturePhase): string | undefined {
    if (type !== this.type) return `this address is defined as ${this.type}, not as ${type}`;
    if (type !== 'timeline') return this.fault(this.content(value), phase);
    const timeline = value === undefined ? undefined : timelineFromValue(value);
    return timeline === undefined
      ? 'Invalid value: it is not a timeline'
      : this.timelineFault(timeline.keyframes.map((keyframe) => this.content(keyframe.value.decode())));
  }

  /**
   * Returns a value in the form for schemas and typed listeners. A signal that is not stored can have no value. The
   * official JavaScript client then sends null, so null means no value where it is not a valid value.
   */
  content(value: Value | undefined): unknown {
    if (value === undefined) return undefined;
    if (value === null) return this.type === 'param' || this.#takesNull ? null : undefined;
    return plainFrom(value, this.#exactInts);
  }

  /**
   * Returns why content is rejected, or undefined.
   *
   * @param phase phase of a gesture, if known: only its start and its moves require a value
   */
  fault(content: unknown, phase?: GesturePhase): string | undefined {
    if (this.#schema === undefined)
      return content === undefined ? undefined : `Invalid value: this ${this.type} has no value`;
    if (content === undefined && this.type === 'gesture' && phase !== 'start' && phase !== 'move') return undefined;
    const fault = this.#fault(content);
    if (fault === undefined) return undefined;
    // A run of samples: each is a value.
    const isRun = this.type === 'stream' && Array.isArray(content) && content.length > 0;
    if (isRun && content.every((sample) => this.#fault(sample) === undefined)) return undefined;
    return `Invalid value: ${fault}`;
  }

  /** Like {@link fault}, for the keyframe values of a timeline. */
  timelineFault(contents: readonly unknown[]): string | undefined {
    for (const [index, content] of contents.entries()) {
      const fault = this.#fault(content);
      if (fault !== undefined) return `Invalid value: keyframe ${index}: ${fault}`;
    }
    return undefined;
  }

  /** A custom check can throw for unexpected values. */
  #takes(content: unknown): boolean {
    try {
      return this.#fault(content) === undefined;
    } catch {
      return false;
    }
  }

  /**
   * Returns the schema's message. Only the first issue is formatted: a frame of invalid values has tens of thousands.
   */
  #fault(content: unknown): string | undefined {
    if (this.#schema === undefined) return undefined;
    // zod checks the length of a list only after each element, which takes 30 ms for a hostile frame.
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

/** Messages of schemas repeat keys of the value, which can be as long as a frame. */
function shortened(text: string): string {
  return text.length <= MAX_FAULT_LENGTH ? text : `${text.slice(0, MAX_FAULT_LENGTH).replace(/[\ud800-\udbff]$/, '')}…`;
}
