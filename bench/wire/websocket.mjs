// @ts-check
import { randomBytes } from 'node:crypto';
import { byteAt } from './byte-at.mjs';

const END_OF_HEAD = '\r\n\r\n';

/**
 * Upgrades a connection to WebSocket by hand. Bytes after the server's answer go to `onBytes`, which also gets all
 * further data.
 *
 * @param {import('./raw-connection.mjs').RawConnection} connection
 * @param {{ host: string, port: number, path?: string, protocol?: string | undefined }} server
 * @param {(bytes: Buffer, end: number) => void} onBytes
 */
export async function upgrade(connection, { host, port, path = '/', protocol }, onBytes) {
  let head = '';
  connection.onBytes = (bytes, end) => {
    head += bytes.toString('latin1', 0, end);
    const length = head.indexOf(END_OF_HEAD);
    if (length < 0) return;
    connection.onBytes = onBytes;
    const rest = Buffer.from(head.slice(length + END_OF_HEAD.length), 'latin1');
    if (rest.length > 0) onBytes(rest, rest.length);
  };
  connection.send(
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `${protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
    ),
  );
  await connection.until(() => head.includes(END_OF_HEAD), 'answer to the WebSocket upgrade');
  if (!head.startsWith('HTTP/1.1 101 '))
    throw new Error(`the upgrade was refused: ${head.slice(0, head.indexOf('\r'))}`);
}

/**
 * Returns a payload as a client sends it: one complete message with its own mask, as RFC 6455 requires, so that the
 * server has to unmask it.
 *
 * @param {Uint8Array} payload at most 65,535 bytes
 * @param {number} opcode 1 text, 2 binary, 10 pong
 */
export function clientMessage(payload, opcode = 2) {
  const header = payload.length < 126 ? 2 : 4;
  const key = randomBytes(4);
  const out = Buffer.alloc(header + 4 + payload.length);
  out[0] = 0x80 | opcode;
  if (header === 2) {
    out[1] = 0x80 | payload.length;
  } else {
    out[1] = 0x80 | 126;
    out.writeUInt16BE(payload.length, 2);
  }
  key.copy(out, header);
  for (let i = 0; i < payload.length; i++) out[header + 4 + i] = byteAt(payload, i) ^ byteAt(key, i & 3);
  return out;
}
