import type { QuicProvider } from './provider.js';
import type { Http3, Http3Module } from './http3-module.js';
import { connect } from './http3-client.js';
import { Http3Server } from './http3-server.js';
import { refuseToLoad } from './http3-unavailable.js';

/**
 * QUIC by `@currentspace/http3` (Cloudflare's quiche). It is loaded on first use, because it is large, optional and
 * native.
 *
 * @param load loads the package; for tests
 */
export function http3Provider(load: () => Promise<Http3Module> = () => import('@currentspace/http3')): QuicProvider {
  let loaded: Promise<Http3> | undefined;
  const http3 = (): Promise<Http3> => (loaded ??= load().then(({ default: module }) => module, refuseToLoad));
  return {
    listen: async (options) => Http3Server.open(await http3(), options),
    connect: async (options) => connect(await http3(), options),
  };
}
