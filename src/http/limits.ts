import { type ListenLimits, listenLimits } from '../net/listen-limits.js';

/** What an HTTP port takes of those who are not in yet; `WebSocketOptions` explains each. */
export interface DoorLimits extends ListenLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** The limits given, and the usual ones for those that were not. */
export function doorLimits(given: { readonly [K in keyof DoorLimits]?: DoorLimits[K] | undefined }): DoorLimits {
  return {
    maxHeaderBytes: given.maxHeaderBytes ?? 16_384,
    maxHeaders: given.maxHeaders ?? 100,
    ...listenLimits(given),
  };
}
