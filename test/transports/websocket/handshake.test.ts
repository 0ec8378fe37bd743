import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { normalizeSubprotocols } from '../../../src/http/offered-subprotocols.js';
import { answerUpgrade } from '../../../src/transports/websocket/handshake.js';
import { chooseSubprotocol } from '../../../src/transports/websocket/subprotocols.js';

/** The example of RFC 6455, section 1.3. */
const key = 'dGhlIHNhbXBsZSBub25jZQ==';

const methods = ['GET', 'POST', 'HEAD'];
const upgrades = [undefined, 'websocket', 'WebSocket', 'h2c', 'websocket, h2c', ''];
const keys = [undefined, key, key.slice(1), `${key}=`, `${key}, ${key}`, 'dGhlIHNhbXBsZSBub25jZ-==', ''];
const versions = [undefined, '13', '8', '7', '14', '13, 8', 'thirteen', ''];
const subprotocols = [
  undefined,
  'clasp',
  'clasp.cbor',
  'clasp.v2',
  'mqtt',
  'mqtt, clasp.cbor,clasp',
  ' clasp , ,clasp',
  'clasp; q=1',
  'clasp cbor',
  'cläsp',
  ',',
];
const extensions = [undefined, 'permessage-deflate; client_max_window_bits', 'permessage-deflate; no=such', ';;'];

type Request = Pick<IncomingMessage, 'method' | 'headers'>;

/** All combinations of header values. */
function* requests(): Generator<Request> {
  for (const method of methods)
    for (const upgrade of upgrades)
      for (const secret of keys)
        for (const version of versions)
          for (const offered of subprotocols) {
            const headers = {
              ...(upgrade !== undefined && { upgrade }),
              ...(secret !== undefined && { 'sec-websocket-key': secret }),
              ...(version !== undefined && { 'sec-websocket-version': version }),
              ...(offered !== undefined && { 'sec-websocket-protocol': offered }),
            };
            normalizeSubprotocols(headers); // as the HTTP port does
            yield { method, headers };
          }
}

/** Returns the answer of `ws`: its 101, or its status and error. */
function answerOfWs({ method, headers }: Request, allowClaspV2: boolean): string {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: (offered) => chooseSubprotocol([...offered], allowClaspV2) ?? false,
  });
  let fault = '';
  server.on('wsClientError', ({ message }) => (fault = message));
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  const request = { method, headers } as unknown as IncomingMessage; // the parts that `ws` reads
  server.handleUpgrade(request, socket, Buffer.alloc(0), () => undefined);
  socket.destroy();
  return fault === '' ? Buffer.concat(written).toString('latin1') : `${method === 'GET' ? 400 : 405} ${fault}`;
}

function ownAnswer(request: Request, allowClaspV2: boolean): string {
  const upgrade = answerUpgrade(request, allowClaspV2);
  return 'fault' in upgrade ? `${upgrade.status} ${upgrade.fault}` : upgrade.answer;
}

describe('the answer to a WebSocket handshake', () => {
  it('equals the answer of ws for every combination of valid and invalid headers', () => {
    let accepted = 0;
    for (const request of requests()) {
      const own = ownAnswer(request, false);
      if (own.startsWith('HTTP/1.1 101')) accepted++;
      if (own !== answerOfWs(request, false)) expect([request, own]).toEqual([request, answerOfWs(request, false)]);
    }
    expect(accepted).toBe(2 * 2 * 8); // upgrades, versions, and subprotocols that are valid
  });

  it('contains the accept value of the RFC for its key', () => {
    const headers = { upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': '13' };
    expect(ownAnswer({ method: 'GET', headers }, false)).toContain(
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
  });

  it('names clasp.v2 only if that is allowed', () => {
    const headers = {
      upgrade: 'websocket',
      'sec-websocket-key': key,
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'clasp.v2',
    };
    expect(ownAnswer({ method: 'GET', headers }, true)).toContain('Sec-WebSocket-Protocol: clasp.v2\r\n');
    expect(ownAnswer({ method: 'GET', headers }, false)).not.toContain('Sec-WebSocket-Protocol');
  });

  it.each(extensions)('accepts no extension of the offer %s', (offer) => {
    const headers = {
      upgrade: 'websocket',
      'sec-websocket-key': key,
      'sec-websocket-version': '13',
      ...(offer !== undefined && { 'sec-websocket-extensions': offer }),
    };
    const own = ownAnswer({ method: 'GET', headers }, false);
    expect(own).not.toContain('Extensions');
    expect(own).toBe(answerOfWs({ method: 'GET', headers }, false));
  });

  // `ws` converts the header to a number, so it accepts these.
  it.each(['13.0', '0xd', '1.3e1', '013'])('refuses the version %s', (version) => {
    const headers = { upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': version };
    expect(ownAnswer({ method: 'GET', headers }, false)).toBe('400 Missing or invalid Sec-WebSocket-Version header');
  });
});
