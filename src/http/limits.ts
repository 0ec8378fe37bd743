import { type ListenLimits, listenLimits } from '../net/listen-limits.js';

/** Limits of an HTTP port for connections that are not accepted yet. `WebSocketOptions` documents each. */
export interface HttpLimits extends ListenLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** Returns the given limits, with defaults for the others. */
export function httpLimits(given: { readonly [K in keyof HttpLimits]?: HttpLimits[K] | undefined }): HttpLimits {
  return {
    maxHeaderBytes: given.maxHeaderBytes ?? 16_384,
    maxHeaders: given.maxHeaders ?? 100,
    ...listenLimits(given),
  };
}
