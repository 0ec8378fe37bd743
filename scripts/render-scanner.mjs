// @ts-check
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import assembler from 'wabt';

const source = fileURLToPath(new URL('../src/transports/websocket/frame-scanner.wat', import.meta.url));
/** Characters of one line of the literal. */
const LINE_LENGTH = 110;

/** Returns the content of frame-scanner-module.ts. @throws Error if the source is invalid */
export async function renderScanner() {
  const { parseWat } = await assembler();
  const module = parseWat('frame-scanner.wat', readFileSync(source, 'utf8'), { simd: true });
  try {
    module.validate();
    const text = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = text.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
    return (
      '// Generated from frame-scanner.wat by `npm run build:scanner`. Do not edit.\n\n' +
      '/** The bytes of the WebAssembly module, in base64. */\n' +
      `export const frameScannerModule =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`
    );
  } finally {
    module.destroy();
  }
}
