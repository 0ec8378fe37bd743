import { afterEach, describe, expect, it } from '@jest/globals';
import { httpRequest } from '../support/http-request.js';
import { endCommands, LoggingCommand } from '../support/logging-command.js';

afterEach(endCommands);

const rejection = (port: number, path: string, headers: Record<string, string>): Promise<string> =>
  httpRequest(port, path, { headers }).then(({ body }) => body);

async function get(port: number, path: string, host: string): Promise<number | undefined> {
  return (await httpRequest(port, path, { headers: { Host: host } })).status;
}

describe('clasp-router', () => {
  it.each(['/', '/healthz', '/readyz', '/metrics', '/inspect/', '/hello.mjs'])(
    'refuses %s for a rebound name, and logs it with the flag',
    async (path) => {
      const command = new LoggingCommand(['--metrics', '--inspect', '--static', 'examples']);
      const port = await command.port();
      expect(await get(port, path, 'evil.lan')).toBe(403);
      expect(await get(port, path, 'localhost')).not.toBe(403);
      expect(await command.line('connection rejected')).toMatchObject({
        fault: 'refused',
        msg: 'connection rejected: a request for evil.lan that is not a name of the router; --allow-host allows one',
      });
    },
  );

  it('applies the same check to metrics on a separate port', async () => {
    const command = new LoggingCommand(['--health-port', '0', '--allow-host', 'prometheus.example']);
    const { url } = (await command.line('health and metrics on')) as { readonly url: string };
    const port = Number(new URL(url).port);
    expect(await get(port, '/metrics', 'evil.lan')).toBe(403);
    expect(await get(port, '/metrics', 'prometheus.example')).toBe(200);
    expect(await get(port, '/metrics', `127.0.0.1:${port}`)).toBe(200);
  });

  it('answers requests for the names of --allow-host, the inspector included', async () => {
    const command = new LoggingCommand(['--inspect', '--allow-host', 'show.example.org,desk']);
    const port = await command.port();
    for (const name of ['show.example.org', 'desk']) expect(await get(port, '/inspect/', name)).toBe(200);
    expect(await get(port, '/inspect/', 'other.example.org')).toBe(403);
  });

  it('names the flag in its answer for a host that is not its own, also on the separate port', async () => {
    const command = new LoggingCommand(['--health-port', '0']);
    const { url } = (await command.line('health and metrics on')) as { readonly url: string };
    for (const port of [await command.port(), Number(new URL(url).port)]) {
      expect(await rejection(port, '/healthz', { Host: 'evil.lan' })).toBe(
        'This router does not answer requests for evil.lan. If that is a name of the router, allow it with --allow-host.\n',
      );
    }
  });

  it('names the flags in the answers of the inspector', async () => {
    const command = new LoggingCommand(['--inspect', '--allow-host', '*']);
    const port = await command.port();
    expect(await rejection(port, '/inspect/', { Host: '127.0.0.1', 'X-Forwarded-For': '192.0.2.1' })).toBe(
      'the inspector accepts only this computer, and this request came through a reverse proxy; ' +
        '--inspect-remote allows others\n',
    );
  });

  it('names the flag in its answer to a web page of another origin', async () => {
    const port = await new LoggingCommand([]).port();
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    const key = { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    expect(await rejection(port, '/', { ...upgrade, ...key, Origin: 'http://evil.example' })).toBe(
      'This router rejects web pages of this origin. Its operator can allow them with --allow-origin.',
    );
  });

  it.each(['https://show.example', 'show.example:80'])(
    'exits with one sentence and exit code 1 if --allow-host is %s',
    async (value) => {
      const command = new LoggingCommand(['--allow-host', value]);
      expect(await command.end()).toBe(1);
      expect(command.errors).toBe(
        `clasp-router: "${value}" is not a host name; write it as show.example.org, without scheme and port, or use *\n`,
      );
    },
  );
});
