/** The WebSocket protocol of one peer besides its plain messages: control frames, and the close. */
export interface Peer {
  /** Whether output can be written: neither side has started to close. */
  readonly isOpen: boolean;
  /** Sends a Close frame after all buffered bytes, and ends the connection after the peer's answer. */
  close(code: number, text: string): void;
  /** Closes immediately. */
  terminate(): void;
}

/** Receives what a {@link Peer} finds in its input. */
export interface PeerHandlers {
  /** A ping, which was answered, or a pong. */
  readonly onControlFrame: () => void;
  /** The peer has started to close, or has ended its side, and this side ends after its buffered bytes. */
  readonly onClosing: () => void;
  /** The socket has closed. Bytes that were read while it was paused must be handled now. */
  readonly onSocketClosed: () => void;
  /** The connection has ended. Called once. @param code the peer's close code, or ABNORMAL_CLOSURE */
  readonly onClose: (code: number) => void;
}
