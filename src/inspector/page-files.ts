import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page, ready to send. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Loads all files of the page into memory, keyed by name. A request path therefore never becomes a file path.
 *
 * @param folder build folder of the page, with a trailing slash
 * @returns an empty map if the page was not built
 */
export function pageFiles(folder = new URL('./page/', import.meta.url)): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) return files;
  const names = readdirSync(folder).filter((name) => types[extname(name)] !== undefined);
  for (const name of names) files.set(name, fileAt(fileURLToPath(new URL(name, folder)), name));
  if (!files.has('main.js')) return new Map();
  // The layout engine for charts: 1.6 MB, which a page loads when it draws the first chart.
  files.set('elk.js', fileAt(createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js'), 'elk.js'));
  return files;
}

function fileAt(path: string, name: string): PageFile {
  const body = readFileSync(path);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: types[extname(name)]!, etag, body };
}
