import { DecodeError } from '../../protocol/errors.js';
import type { Message } from '../../protocol/messages/message.js';
import { UsageError } from '../usage-error.js';
import type { ToolContext } from './context.js';
import { dissect, type Piece } from './dissect.js';
import { readHex } from './hex.js';
import { fieldText, jsonLine, optionalText } from './value-notation.js';

const qosNames = ['fire', 'confirm', 'commit'] as const;

/** `decode HEX...`: prints the decoded messages, then an error for the rest. */
export async function decode({ args, options, output }: ToolContext): Promise<void> {
  const bytes = readHex(args.join(' '));
  let read = 0;
  try {
    for (const piece of dissect(bytes)) {
      const lines = options.asJson ? [pieceJson(piece)] : pieceLines(piece);
      for (const line of lines) await output.print(line);
      read++;
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const what =
      read === 0
        ? `no CLASP message in ${bytes.length === 1 ? 'this byte' : `these ${bytes.length} bytes`}`
        : `the rest cannot be decoded`;
    throw new UsageError(`${what}: ${error.message} (${error.fault})`);
  }
}

/** Returns a line about the frame, then the message, one field per line. */
function pieceLines(piece: Piece): readonly string[] {
  const { message, frameBytes, hasLength, encoding, timestamp } = piece;
  const framed = [
    `frame of ${frameBytes ?? 0} bytes${hasLength ? ', with a length prefix' : ''}`,
    `QoS ${piece.qos} (${qosNames[piece.qos]})`,
    ...(timestamp === undefined ? [] : [`timestamp ${timestamp}`]),
    encoding,
  ];
  const bare = [encoding === 'json' ? 'text' : 'payload without a frame', encoding];
  return [(frameBytes === undefined ? bare : framed).join(', '), ...messageLines(message)];
}

function messageLines(message: Message): readonly string[] {
  const { type, ...fields } = message;
  const present = Object.entries(fields).filter(([, field]) => field !== undefined);
  const width = Math.max(0, ...present.map(([name]) => name.length));
  return [
    type.replace(/[A-Z]/g, '_$&').toUpperCase(),
    ...present.flatMap(([name, field]: [string, unknown]) =>
      // Messages of a bundle, params of a snapshot, definitions: one line each.
      Array.isArray(field) && field.some((one) => typeof one === 'object')
        ? [`  ${name}`, ...field.map((one) => `    ${fieldText(one)}`)]
        : [`  ${name.padEnd(width)}  ${fieldText(field)}`],
    ),
  ];
}

function pieceJson({ message, frameBytes, qos, timestamp, encoding }: Piece): string {
  return jsonLine({
    frameBytes: optionalText(frameBytes),
    qos: frameBytes === undefined ? undefined : fieldText(qos),
    timestamp: optionalText(timestamp),
    encoding: fieldText(encoding),
    message: fieldText(message),
  });
}
