// @ts-check
// Sends without an end: `node sender.mjs PORT SOCKETS BYTES`, so many bytes a write.
import { connect } from 'node:net';

const [port = 0, sockets = 0, bytes = 0] = process.argv.slice(2).map(Number);
const data = Buffer.alloc(bytes, 1);

for (let i = 0; i < sockets; i++) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const write = () => {
    // One packet a turn of the event loop where they are small, else as much as goes.
    if (sockets === 1) while (socket.write(data));
    else socket.write(data);
    if (sockets > 1) setImmediate(write);
  };
  socket.on('connect', write);
  if (sockets === 1) socket.on('drain', write);
  socket.on('error', () => process.exit());
}
