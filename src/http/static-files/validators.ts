import type { IncomingHttpHeaders } from 'node:http';
import type { OpenFile } from './open-file.js';

/** Identifiers of one state of a file (RFC 9110, section 8.8). */
export interface Validators {
  /** A strong entity tag. */
  readonly etag: string;
  /** HTTP date with whole seconds. */
  readonly lastModified: string;
}

export function validatorsOf({ size, modifiedMs }: Pick<OpenFile, 'size' | 'modifiedMs'>): Validators {
  return {
    etag: `"${size.toString(36)}-${Math.floor(modifiedMs).toString(36)}"`,
    lastModified: new Date(modifiedMs).toUTCString(),
  };
}

/**
 * Returns whether the client has this state of the file (If-None-Match, or else If-Modified-Since). The answer is then
 * 304.
 */
export function isUnmodified(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) return known.trim() === '*' || entityTags(known).includes(etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Date.parse(lastModified) <= since; // false for an invalid date
}

/**
 * Returns whether a Range applies (If-Range): the client has a part of this state of the file, or sends no condition.
 */
export function isSameState(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const state = headers['if-range'];
  if (Array.isArray(state)) return false;
  return state === undefined || state.trim() === etag || state.trim() === lastModified;
}

/** Weak comparison, as If-None-Match requires (RFC 9110, section 13.1.2). */
function entityTags(list: string): readonly string[] {
  return list.match(/"[^"]*"/g) ?? [];
}
