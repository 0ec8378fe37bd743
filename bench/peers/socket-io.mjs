// @ts-check
// socket.io as in its guide: a subscription is a room, and a message is emitted to the rooms whose name matches its
// address.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { serve } from '../serve.mjs';
import { listen } from './clasp-server.mjs';

const NO_PINGS_MS = 3_600_000; // no ping occurs between the deliveries whose bytes are counted
const MAX_MESSAGE_BYTES = 1 << 20;

const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  pingInterval: NO_PINGS_MS,
  maxHttpBufferSize: MAX_MESSAGE_BYTES,
});
/** The rooms of each known address. @type {Map<string, string[]>} */
const rooms = new Map();

io.on('connection', (socket) => {
  socket.on('subscribe', (patterns, acknowledge) => {
    socket.join(patterns);
    acknowledge();
  });
  socket.on('ask', (acknowledge) => acknowledge());
  socket.on('set', (address, value, acknowledge) => {
    io.to(roomsOf(address)).emit('set', address, value);
    acknowledge?.();
  });
});

http.listen(0, '127.0.0.1');
serve({ listen: () => listen(http) });

/** Returns the address itself and each pattern `/prefix/**` that matches it. @param {string} address */
function roomsOf(address) {
  let found = rooms.get(address);
  if (found === undefined) {
    const segments = address.split('/');
    found = [address, ...segments.slice(1).map((_, i) => [...segments.slice(0, i + 1), '**'].join('/'))];
    rooms.set(address, found);
  }
  return found;
}
