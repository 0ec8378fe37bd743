// @ts-check
// Copies to dist what the compiler does not make of the inspector's page: its HTML, its style and its icon.
import { copyFile, mkdir } from 'node:fs/promises';

const from = new URL('../src/inspector/page/', import.meta.url);
const to = new URL('../dist/inspector/page/', import.meta.url);

await mkdir(to, { recursive: true });
for (const name of ['index.html', 'style.css', 'icon.svg']) await copyFile(new URL(name, from), new URL(name, to));
