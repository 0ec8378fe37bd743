import { z } from 'zod';
import type { PageMessage } from './feed.js';

const text = z.string().max(1_024);
const token = z.string().max(16_384);
const key = z.string().max(256);
const id = z.number().int().nonnegative();
const json = z.json();

const schema = z.union([
  z.strictObject({ type: z.literal('authenticate'), token }),
  z.strictObject({ type: z.literal('unlock'), key }),
  z.strictObject({ type: z.literal('watch'), view: z.literal('sessions') }),
  z.strictObject({ type: z.literal('watch'), view: z.literal('actor'), actor: text }),
  z.strictObject({ type: z.literal('watch'), view: z.literal('signals'), pattern: text }),
  z.strictObject({ type: z.literal('watch'), view: z.literal('traffic'), pattern: text }),
  z.strictObject({ type: z.literal('watch'), view: z.literal('stately') }),
  z.strictObject({
    type: z.literal('unwatch'),
    view: z.enum(['sessions', 'actor', 'signals', 'traffic', 'stately']),
  }),
  z.strictObject({ type: z.literal('set'), id, address: text, value: json }),
  z.strictObject({ type: z.literal('emit'), id, address: text, value: json.optional() }),
]);

/** Parses a message from a page. Returns undefined for a message that the inspector's page never sends. */
export function parsePageMessage(message: string): PageMessage | undefined {
  try {
    return schema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}
