// @ts-check
// Sends without limit: `node sender.mjs PORT SOCKETS BYTES`, with BYTES per write.
import { connect } from 'node:net';

const [port = 0, sockets = 0, bytes = 0] = process.argv.slice(2).map(Number);
const data = Buffer.alloc(bytes, 1);

for (let i = 0; i < sockets; i++) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const write = () => {
    // One packet per turn of the event loop if they are small, else as much as the socket accepts.
    if (sockets === 1) while (socket.write(data));
    else socket.write(data);
    if (sockets > 1) setImmediate(write);
  };
  socket.on('connect', write);
  if (sockets === 1) socket.on('drain', write);
  socket.on('error', () => process.exit());
}
