import { afterEach, describe, expect, it } from '@jest/globals';
import { endCommands, LoggingCommand } from '../support/logging-command.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../support/raw-socket.js';

const sockets: RawSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  endCommands();
});

/** Connects as a local proxy does on behalf of a client. */
async function connectAsProxy(port: number, headers: Readonly<Record<string, string>>): Promise<void> {
  const socket = await RawSocket.connect(port);
  sockets.push(socket);
  socket.write(upgradeRequest(headers));
  await socket.receive((bytes) => bytes.includes('\r\n\r\n'));
  const hello = { type: 'hello', version: 1, name: 'tablet', features: [] };
  socket.write(maskedMessage(Buffer.from(JSON.stringify(hello)), 0x81));
}

const viaProxy = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7, 10.1.2.3' };

describe('clasp-router --trust-proxy', () => {
  it.each([
    ['as a flag', ['--trust-proxy', '127.0.0.1,10.0.0.0/8'], {}],
    ['in the environment', [], { CLASP_TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' }],
  ])('logs the rightmost address that is not in its list: %s', async (_, args, environment) => {
    const command = new LoggingCommand(args, environment);
    await connectAsProxy(await command.port(), viaProxy);
    expect(await command.line('session opened')).toMatchObject({ name: 'tablet', remoteAddress: '203.0.113.7:0' });
  });

  it('logs the peer, not the proxy, if a connection is refused', async () => {
    const command = new LoggingCommand(['--trust-proxy', '127.0.0.1']);
    const port = await command.port();
    await connectAsProxy(port, { 'X-Forwarded-For': '203.0.113.7', Origin: 'http://evil.example' });
    expect(await command.line('connection rejected')).toMatchObject({ remoteAddress: '203.0.113.7:0' });
  });

  it('is required: without it the log has the address of the proxy', async () => {
    const command = new LoggingCommand([]);
    await connectAsProxy(await command.port(), viaProxy);
    const line = await command.line('session opened');
    expect(line).toMatchObject({ remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  });

  it.each(['proxy.example', '10.0.0.0/33', '127.0.0.1:80', '*'])(
    'exits with one sentence and exit code 1 for the invalid value %s',
    async (value) => {
      const command = new LoggingCommand(['--trust-proxy', `127.0.0.1,${value}`]);
      expect(await command.end()).toBe(1);
      expect(command.errors).toBe(
        `clasp-router: "${value}" is not an address or network of a trusted proxy; write it as 192.168.1.2, 10.0.0.0/8 or fd00::/8\n`,
      );
    },
  );

  it('exits with one sentence and exit code 1 without a port for HTTP', async () => {
    const command = new LoggingCommand(['--no-websocket', '--tcp-port', '0', '--trust-proxy', '127.0.0.1']);
    expect(await command.end()).toBe(1);
    expect(command.errors).toBe('clasp-router: --trust-proxy needs the WebSocket port; leave out --no-websocket\n');
  });
});
