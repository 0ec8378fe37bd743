// @ts-check
// Accepts the upgrade, sends WELCOME without reading HELLO, and discards all data: it shows the maximum rate of the
// load.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { serve } from '../serve.mjs';
import { greeting } from './clasp-greeting.mjs';
import { listen } from './clasp-server.mjs';
import { Stopwatch } from './stopwatch.mjs';

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const stopwatch = new Stopwatch();
let bytes = 0;

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (request) => {
    const key = /^sec-websocket-key: *(\S+)/im.exec(request.toString('latin1'))?.[1];
    const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.once('data', () => {
      for (const frame of greeting) socket.write(Buffer.concat([Buffer.from([0x82, frame.length]), frame]));
      socket.on('data', (chunk) => {
        bytes += chunk.length;
        stopwatch.mark();
      });
    });
  });
});
server.listen(0, '127.0.0.1');

serve({
  listen: () => listen(server),
  reset() {
    bytes = 0;
    stopwatch.reset();
  },
  status: () => ({ bytes, seconds: stopwatch.seconds, problems: [] }),
});
