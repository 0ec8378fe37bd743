// @ts-check
// aedes, an MQTT broker for Node.js, with default options and an in-memory store.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { serve } from '../serve.mjs';
import { listen } from './clasp-server.mjs';

const broker = await Aedes.createBroker();
const server = createServer((socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
server.listen(0, '127.0.0.1');

serve({ listen: () => listen(server) });
