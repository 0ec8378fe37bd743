// @ts-check
// npm run chaos -- [--minutes 5] [--seed N]: starts main.ts, with a hook that lets Node run it.
import { register } from 'node:module';

register('./typescript.mjs', import.meta.url);
await import(new URL('./main.ts', import.meta.url).href);
