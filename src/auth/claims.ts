import { z } from 'zod';
import type { Constraint } from '../core/ports.js';
import { segmentsFault } from '../protocol/address.js';
import { parsePattern, type Pattern } from '../protocol/pattern.js';
import { parseScope, type Scope } from '../protocol/scope.js';

const pattern = z
  .string()
  .refine((text) => segmentsFault(text) === undefined, { error: 'is no pattern' })
  .transform((text): Pattern => parsePattern(text));

/** Bounds as tokens and files carry them: `{"pattern": "/lights/**", "range": [0, 1], "maxRate": 30}`. */
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

/** The scopes among some texts: what is none gives nothing, and takes nothing from the others (router.md 9.2). */
export function scopesAmong(texts: readonly string[]): Scope[] {
  return texts.flatMap((text) => {
    try {
      return [parseScope(text)];
    } catch {
      return [];
    }
  });
}
