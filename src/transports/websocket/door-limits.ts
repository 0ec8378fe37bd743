import { connectRateLimits } from '../connect-rate.js';
import type { CrowdLimits } from './crowd.js';

/** What an HTTP port takes of those who are not in yet; `WebSocketOptions` explains each. */
export interface DoorLimits extends CrowdLimits {
  readonly handshakeMs: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** The limits given, and the usual ones for those that were not. */
export function doorLimits(given: { readonly [K in keyof DoorLimits]?: DoorLimits[K] | undefined }): DoorLimits {
  return {
    handshakeMs: given.handshakeMs ?? 10_000,
    maxHeaderBytes: given.maxHeaderBytes ?? 16_384,
    maxHeaders: given.maxHeaders ?? 100,
    maxHalfOpen: given.maxHalfOpen ?? 512,
    maxHalfOpenPerAddress: given.maxHalfOpenPerAddress ?? 64,
    ...connectRateLimits(given),
  };
}
