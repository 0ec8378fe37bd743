// @ts-check
// Loaded into a router by crash.mjs --mutate: switches copy-before-write off, so that crash.mjs must find violations.
const dirtyParams = new URL('../../dist/journal/params/dirty-params.js', import.meta.url).href;
/** @type {{ DirtyParams: { prototype: object } }} */
const { DirtyParams } = await import(dirtyParams);
Object.defineProperty(DirtyParams.prototype, 'encodeFirst', { value: () => undefined });
