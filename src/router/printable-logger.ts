import { printable, printableError } from '../util/printable-text.js';
import type { Logger } from '../core/ports.js';

/**
 * Returns a logger that escapes its lines, for any text of a peer, a hook or a library. `peerText` truncates texts of
 * peers where the line is written. This logger ensures that no text forges lines or controls the terminal.
 */
export function printableLogger(logger: Logger): Logger {
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      logger[level](printableFields(fields), printable(message));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function printableFields(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, printableField(field)]));
}

function printableField(field: unknown): unknown {
  if (typeof field === 'string') return printable(field);
  if (Array.isArray(field)) return field.map(printableField);
  return field instanceof Error ? printableError(field) : field;
}
