/** What a reason may take: a WebSocket close frame has room for 123 bytes, and a close travels in one packet. */
export const MAX_REASON_BYTES = 120;

/** Why we close, in words the transport turns into its own codes (WebSocket: 1000, 1001, 1002, 1008, 1009, 1011, 1013). */
export interface CloseReason {
  readonly kind: 'normal' | 'goingAway' | 'protocol' | 'policy' | 'tooLarge' | 'internal' | 'overloaded';
  /** For people; what is beyond `MAX_REASON_BYTES` is cut off. */
  readonly text: string;
}
