import { WebSocket } from 'ws';
import { MAX_ROUTER_JSON_TEXT } from '../../protocol/encodings/json.js';
import type { Link } from '../link.js';
import { webSocketLink } from '../websocket-link.js';
import type { LinkOptions } from './link-options.js';

/**
 * A WebSocket link with the package `ws`. Node.js 20 has no WebSocket class, and later ones accept no list of trusted
 * certificates.
 */
export function nodeWebSocketLink(url: string, options: LinkOptions): Link {
  const { ca, servername, lookup } = options;
  class BoundedWebSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, {
        perMessageDeflate: false,
        maxPayload: MAX_ROUTER_JSON_TEXT, // no message of a router is larger
        ...(lookup === undefined ? {} : { lookup }),
        ...(ca === undefined ? {} : { ca }),
        ...(servername === undefined ? {} : { servername }),
      });
    }
  }
  return webSocketLink(url, { WebSocket: options.WebSocket ?? BoundedWebSocket });
}
