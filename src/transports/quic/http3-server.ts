import { watchHandshakes } from './failed-handshakes.js';
import type { QuicListenOptions, QuicServer } from './provider.js';
import type { Http3, Http3ServerHandle } from './http3-module.js';
import { usableAddress, usableCredentials } from './usable.js';
import { Http3Session } from './http3-session.js';
import { refuseToRun } from './http3-unavailable.js';

/** A UDP port that accepts QUIC connections. */
export class Http3Server implements QuicServer {
  readonly #server: Http3ServerHandle;
  readonly #sessions = new Set<Http3Session>();
  #address = { host: '', port: 0 };

  static async open(http3: Http3, options: QuicListenOptions): Promise<Http3Server> {
    usableCredentials(options);
    // A failed `listen` of the library leaves a handle that keeps the process alive. This check prevents such a
    // failure.
    const host = await usableAddress(options.host, options.port);
    const server = new Http3Server(http3, options);
    try {
      const { address, port } = await server.#server.listen(options.port, host);
      server.#address = { host: address, port };
    } catch (error) {
      if (error instanceof Error && /native binding/i.test(error.message)) throw refuseToRun(error);
      throw error;
    }
    return server;
  }

  private constructor(http3: Http3, options: QuicListenOptions) {
    const { key, cert, alpn, limits, datagrams = false, onSession, onFailedHandshake, onFault } = options;
    this.#server = http3.createQuicServer({
      key,
      cert,
      alpn: [alpn],
      maxConnections: limits.maxConnections,
      maxIdleTimeoutMs: limits.maxIdleTimeoutMs,
      initialMaxStreamDataBidiLocal: limits.streamWindowBytes,
      initialMaxData: 2 * limits.streamWindowBytes,
      // With this limit, QUIC prevents a client from opening a second stream. The library puts bytes that arrive on a
      // reset stream into a new stream, which it does not report and nothing reads.
      initialMaxStreamsBidi: 1,
      enableDatagrams: datagrams,
      disableRetry: false, // a forged source address receives only one small answer
      runtimeMode: 'portable', // io_uring is often forbidden in containers, and not faster
    });
    const handedOut = new WeakSet<object>();
    if (onFailedHandshake !== undefined) {
      watchHandshakes(this.#server, (session) => handedOut.has(session), onFailedHandshake);
    }
    this.#server.on('session', (handle) => {
      handedOut.add(handle);
      const session = new Http3Session(handle, () => this.#sessions.delete(session));
      this.#sessions.add(session);
      onSession(session);
    });
    this.#server.on('error', (error) => {
      // Also emitted for a session that has just closed. Only failures of the runtime concern the port.
      if ('code' in error && (error.code === RUNTIME_FAULT || error.code === FAST_PATH_FAULT)) onFault(error);
    });
  }

  get address(): { readonly host: string; readonly port: number } {
    return this.#address;
  }

  async close(): Promise<void> {
    const closed = this.#server.close();
    for (const session of [...this.#sessions]) session.end({ kind: 'lost', text: 'the port was closed' });
    await closed;
  }
}

const RUNTIME_FAULT = 'ERR_HTTP3_RUNTIME_UNSUPPORTED';
const FAST_PATH_FAULT = 'ERR_HTTP3_FAST_PATH_UNAVAILABLE';
