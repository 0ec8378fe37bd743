import type { IncomingHttpHeaders } from 'node:http';
import type { OpenFile } from './open-file.js';

/** What tells one state of a file from another (RFC 9110, section 8.8). */
export interface Validators {
  /** A strong entity tag. */
  readonly etag: string;
  /** As HTTP writes a date: whole seconds. */
  readonly lastModified: string;
}

export function validatorsOf({ size, modifiedMs }: Pick<OpenFile, 'size' | 'modifiedMs'>): Validators {
  return {
    etag: `"${size.toString(36)}-${Math.floor(modifiedMs).toString(36)}"`,
    lastModified: new Date(modifiedMs).toUTCString(),
  };
}

/** Whether the client has this state of the file already (If-None-Match, else If-Modified-Since): the answer is 304. */
export function isUnmodified(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) return known.trim() === '*' || entityTags(known).includes(etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Date.parse(lastModified) <= since; // false for what is not a date
}

/** Whether a Range counts (If-Range): the client has a part of this state of the file, or of none in particular. */
export function isSameState(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const state = headers['if-range'];
  if (Array.isArray(state)) return false;
  return state === undefined || state.trim() === etag || state.trim() === lastModified;
}

/** Compared weakly, as If-None-Match is (RFC 9110, section 13.1.2). */
function entityTags(list: string): readonly string[] {
  return list.match(/"[^"]*"/g) ?? [];
}
