import type { QuicEnd } from './provider.js';
import type { Http3Emitter } from './http3-module.js';

/** An error listener that does nothing. */
export function ignore(): void {
  // Each emitter of the library needs an error listener. Without one, an error ends the process.
}

/** Sends a datagram. If the session has closed, it is lost. */
export function sendDatagram(handle: Http3Emitter, bytes: Uint8Array): void {
  try {
    handle.sendDatagram(bytes);
  } catch {
    // The session has closed, and its end event follows.
  }
}

/** The library has one event for a peer's close and for the timeout of a vanished peer. */
export function endOf(code: number, text: string): QuicEnd {
  return code === 0 && text === 'idle timeout' ? { kind: 'lost', text } : { kind: 'closed', code, text };
}
