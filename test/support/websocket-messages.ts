/**
 * Parses unmasked WebSocket frames (RFC 6455, section 5.2), as a server sends them: bytes, or the string of a text
 * message.
 */
export function webSocketMessages(bytes: Uint8Array): (Uint8Array | string)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: (Uint8Array | string)[] = [];
  for (let at = 0; at < bytes.length;) {
    const isText = bytes[at] === 0x81;
    if (!isText && bytes[at] !== 0x82) throw new Error(`no whole message begins with 0x${bytes[at]!.toString(16)}`);
    const short = bytes[at + 1]!;
    const [header, length] =
      short === 127
        ? [10, Number(view.getBigUint64(at + 2))]
        : short === 126
          ? [4, view.getUint16(at + 2)]
          : [2, short];
    if (at + header + length > bytes.length) throw new Error(`a message of ${length} bytes is cut off`);
    const message = bytes.slice(at + header, at + header + length);
    messages.push(isText ? new TextDecoder('utf-8', { fatal: true }).decode(message) : message);
    at += header + length;
  }
  return messages;
}
