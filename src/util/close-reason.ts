/** Maximum bytes of a reason: a WebSocket close frame has room for 123 bytes, and a close fits one packet. */
export const MAX_REASON_BYTES = 120;

/**
 * Reason for closing a connection. Each transport maps it to its codes (WebSocket: 1000, 1001, 1002, 1008, 1009, 1011,
 * 1013).
 */
export interface CloseReason {
  readonly kind: 'normal' | 'goingAway' | 'protocol' | 'policy' | 'tooLarge' | 'internal' | 'overloaded';
  /** Human-readable; truncated to `MAX_REASON_BYTES`. */
  readonly text: string;
}
