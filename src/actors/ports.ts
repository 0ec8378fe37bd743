/**
 * What the actors ask of the outside. A feature is plugged in by satisfying a port; it never edits an actor.
 */

/** Where log lines go: a subset of pino, so a pino logger is one. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
