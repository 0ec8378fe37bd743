// @ts-check
// Assembles frame-scanner.wat to a module of TypeScript that contains the bytes of WebAssembly.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderScanner } from './render-scanner.mjs';

writeFileSync(
  fileURLToPath(new URL('../src/transports/websocket/frame-scanner-module.ts', import.meta.url)),
  await renderScanner(),
);
