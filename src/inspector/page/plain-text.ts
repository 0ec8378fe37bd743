import type { Json, SignalRow } from '../feed.js';

// Formats of figures, times and values. The results are short and have a constant width per kind.

const KILO = 1_000;

/** Formats a count: `940`, `12.4 k`, `3.10 M`, at most six characters. */
export function countText(count: number): string {
  if (count < KILO) return String(Math.round(count));
  if (count < 10 * KILO) return `${(count / KILO).toFixed(2)} k`;
  if (count < 999_500) return `${(count / KILO).toFixed(count < 99_950 ? 1 : 0)} k`;
  return `${(count / KILO ** 2).toFixed(count < 99.5e6 ? 2 : 0)} M`;
}

/** Formats bytes in steps of 1,000, as in the router's log: `0 B`, `940 B`, `12.4 KB`, `3.1 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < KILO) return `${Math.round(bytes)} B`;
  if (bytes < KILO ** 2) return `${(bytes / KILO).toFixed(1)} KB`;
  if (bytes < KILO ** 3) return `${(bytes / KILO ** 2).toFixed(1)} MB`;
  return `${(bytes / KILO ** 3).toFixed(1)} GB`;
}

/** Formats an age: `now`, `12 s`, `4 min`, `3 h`, `2 d`. */
export function ageText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Formats a time of day in the page's time zone: `21:04:09.120`. */
export function timeText(unixMs: number): string {
  const time = new Date(unixMs);
  const two = (part: number): string => String(part).padStart(2, '0');
  const millis = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${millis}`;
}

/** Formats a value: `0.5`, `5` for an Int, `"text"`, `<3 bytes>`, `[1, 2]`. @param limit maximum characters */
export function valueText(value: Json | undefined, limit = 200): string {
  if (value === undefined) return 'too large to show';
  const text = written(value, limit);
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** Formats the value of a signal as {@link valueText} does. */
export function signalText({ value, isHidden }: Pick<SignalRow, 'value' | 'isHidden'>, limit?: number): string {
  return isHidden === true ? '(hidden)' : valueText(value, limit);
}

/**
 * Returns the number of a value, Ints included. Returns undefined for other kinds, and for numbers without a
 * position, such as NaN.
 */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  const special = value === undefined ? undefined : onlyEntry(value);
  if (special?.[0] !== '$int') return undefined;
  const number = Number(special[1]);
  return Number.isFinite(number) ? number : undefined;
}

/** @param capacity characters that the caller can show; the rest is cut */
function written(value: Json, capacity: number): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return JSON.stringify(value.length > capacity ? value.slice(0, capacity) : value);
  if (value === null || typeof value === 'boolean') return String(value);
  const special = onlyEntry(value);
  if (special !== undefined && (special[0] === '$int' || special[0] === '$float')) return contentText(special[1]);
  if (special?.[0] === '$bytes') return `<${byteLength(contentText(special[1]))} bytes>`;
  return isList(value)
    ? bracketed('[', value, (item, left) => written(item, left), ']', capacity)
    : bracketed('{', Object.entries(value), ([key, item], left) => `${key}: ${written(item, left)}`, '}', capacity);
}

function bracketed<T>(
  open: string,
  items: readonly T[],
  write: (item: T, capacity: number) => string,
  close: string,
  capacity: number,
): string {
  let text = open;
  for (const [index, item] of items.entries()) {
    if (text.length > capacity) break; // the cost of a long list is bounded by the visible part
    text += `${index === 0 ? '' : ', '}${write(item, capacity - text.length)}`;
  }
  return text + close;
}

/** Returns the content of a form such as `{"$int": "5"}`, which is a string in all messages of the router. */
function contentText(content: Json): string {
  return typeof content === 'string' || typeof content === 'number' ? String(content) : '?';
}

/** Six significant digits; the editor shows all of them. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function byteLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** Narrows to a readonly list, which Array.isArray does not. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns key and content of an object with one entry, the form of `{"$int": "5"}`. */
function onlyEntry(value: Json): readonly [string, Json] | undefined {
  if (typeof value !== 'object' || value === null || isList(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length === 1 ? entries[0] : undefined;
}
