// @ts-check
// A `ws` server that only counts what it receives, or with `echo` sends it back. It shows the basic cost of a
// WebSocket server on Node.js.
import { WebSocketServer } from 'ws';
import { Type } from '../wire/clasp-frames.mjs';
import { serve } from '../serve.mjs';
import { clasp, listen } from './clasp-server.mjs';
import { memory } from './memory.mjs';
import { Stopwatch } from './stopwatch.mjs';

const echoes = process.argv[2] === 'echo';
const stopwatch = new Stopwatch();
let messages = 0;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...clasp });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (/** @type {Buffer} */ bytes) => {
    if (bytes[4] !== Type.Set && bytes[4] !== Type.Publish) return clasp.answer(socket, bytes);
    if (echoes) return socket.send(bytes);
    messages++;
    stopwatch.mark();
  });
});

serve({
  listen: () => listen(server),
  memory,
  reset() {
    messages = 0;
    stopwatch.reset();
  },
  status: () => ({ delivered: messages, seconds: stopwatch.seconds, problems: [] }),
});
