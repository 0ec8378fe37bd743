import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Ignored by git. Inside of the package, so that programs can import it by its name. */
const folder = join(root, 'examples/.built');

/** A code block of a page. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** Returns the code blocks of a page, in their order. @param path from the root of the project */
export function blocksOf(path: string): readonly CodeBlock[] {
  const page = readFileSync(join(root, path), 'utf8');
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
}

/** Writes a program into a file of the package. @returns its path */
export function programFile(name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs a program to its end. @returns its output; rejects with its errors if it fails */
export function runProgram(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path], { cwd: root }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stdout}${stderr}`));
    });
  });
}
