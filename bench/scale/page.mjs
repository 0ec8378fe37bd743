// @ts-check
// A page of the inspector with all its views open, in a separate process. argv: the link of the inspector.
import { WebSocket } from 'ws';

const link = process.argv[2] ?? '';
const [, key] = link.split('#key=');
const socket = new WebSocket(`${new URL(link).origin.replace('http', 'ws')}/inspect/feed`);
let seen = 0;

/** @param {object} message */
const say = (message) => socket.send(JSON.stringify(message));

socket.on('open', () => {
  say({ type: 'unlock', key });
  say({ type: 'watch', view: 'sessions' });
  say({ type: 'watch', view: 'signals', pattern: '/**' });
  say({ type: 'watch', view: 'traffic', pattern: '/**' });
  say({ type: 'watch', view: 'stately' });
});
socket.on('message', (/** @type {Buffer} */ data) => {
  seen++;
  const message = JSON.parse(data.toString('utf8'));
  if (message.type === 'actors') say({ type: 'watch', view: 'actor', actor: message.actors[0].actor });
  if (message.type === 'signals') process.send?.('open');
});
socket.on('error', () => process.exit(1));
process.on('message', () => process.send?.({ seen }));
process.once('disconnect', () => process.exit());
