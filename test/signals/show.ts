import { z } from 'zod';
import { defineSignals } from '../../src/signals/index.js';

/** The signals of a small show: one of each type and a few more. */
export const show = defineSignals({
  '/lights/:n/dim': { type: 'param', value: z.number().min(0).max(1), description: 'brightness' },
  '/lights/master/dim': { type: 'param', value: z.int().min(0).max(255) },
  '/lights/:n/color': { type: 'param', value: z.tuple([z.number(), z.number(), z.number()]) },
  '/scene': { type: 'param', value: z.object({ name: z.string(), fade: z.number().optional() }) },
  '/clock': { type: 'param', value: z.bigint() },
  '/cue/go': { type: 'event' },
  '/cue/:name/note': { type: 'event', value: z.string().optional() },
  '/pointer/:id': { type: 'gesture', value: z.tuple([z.number(), z.number()]) },
  '/fft': { type: 'stream', value: z.array(z.number()) },
  '/lfo': { type: 'stream', value: z.number().min(-1).max(1) },
  '/fade': { type: 'timeline', value: z.number() },
});
