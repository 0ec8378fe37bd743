// @ts-check
// Copies the files of the inspector's page that the compiler does not process to dist: HTML, style sheet and icon.
import { copyFile, mkdir } from 'node:fs/promises';

const from = new URL('../src/inspector/page/', import.meta.url);
const to = new URL('../dist/inspector/page/', import.meta.url);

await mkdir(to, { recursive: true });
for (const name of ['index.html', 'style.css', 'icon.svg']) await copyFile(new URL(name, from), new URL(name, to));
