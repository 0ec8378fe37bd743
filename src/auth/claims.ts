import { z } from 'zod';
import type { Constraint } from '../core/ports.js';
import { segmentsFault } from '../protocol/address.js';
import { parsePattern, type Pattern } from '../protocol/pattern.js';
import { parseScope, type Scope } from '../protocol/scope.js';

const pattern = z
  .string()
  .refine((text) => segmentsFault(text) === undefined, { error: 'is no pattern' })
  .transform((text): Pattern => parsePattern(text));

/** Constraints in the form of tokens and files: `{"pattern": "/lights/**", "range": [0, 1], "maxRate": 30}`. */
export const constraintSchema: z.ZodType<Constraint> = z
  .strictObject({
    pattern,
    range: z
      .tuple([z.number(), z.number()])
      .refine(([min, max]) => min <= max, { error: 'is no range: its first number is the greater one' })
      .optional(),
    maxRate: z.number().positive().optional(),
  })
  .readonly();

/** Returns the valid scopes. An invalid one grants nothing and does not affect the others (router.md 9.2). */
export function scopesAmong(texts: readonly string[]): Scope[] {
  return texts.flatMap((text) => {
    try {
      return [parseScope(text)];
    } catch {
      return [];
    }
  });
}
