import { type ListenLimits, listenLimits } from '../net/listen-limits.js';

/** What an HTTP port takes of those who are not in yet; `WebSocketOptions` explains each. */
export interface HttpLimits extends ListenLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** The limits given, and the usual ones for those that were not. */
export function httpLimits(given: { readonly [K in keyof HttpLimits]?: HttpLimits[K] | undefined }): HttpLimits {
  return {
    maxHeaderBytes: given.maxHeaderBytes ?? 16_384,
    maxHeaders: given.maxHeaders ?? 100,
    ...listenLimits(given),
  };
}
