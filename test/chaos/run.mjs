// @ts-check
// npm run chaos -- [--minutes 5] [--seed N]: see main.ts, which this lets Node read.
import { register } from 'node:module';

register('./typescript.mjs', import.meta.url);
await import(new URL('./main.ts', import.meta.url).href);
