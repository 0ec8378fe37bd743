import type { Flag } from '../flag.js';

/** All options of the tool, in the order of the help. The table of commands states which ones a command accepts. */
export const options = {
  types: {
    value: 'LIST',
    help: 'only signals of these kinds: param, event, stream, gesture, timeline; separated by commas',
  },
  count: { value: 'N', help: 'ends after this number of messages, including the snapshot' },
  json: { help: 'prints one JSON object per line' },
  url: {
    value: 'URL',
    fallback: 'ws://127.0.0.1:7330',
    inEnvironment: true,
    help: 'the router: ws://, wss://, tcp://, tls://, quic:// or udp://host:port, or unix:/path',
  },
  token: {
    value: 'TOKEN',
    inEnvironment: true,
    help: 'for a router with --auth; prefer CLASP_TOKEN, because other users can see the command line',
  },
  timeout: {
    value: 'SECONDS',
    fallback: '5',
    inEnvironment: true,
    help: 'time to wait for the connection, and then for each answer',
  },
  ca: {
    value: 'FILE',
    inEnvironment: true,
    help: 'trusted PEM certificate, with wss:, tls: and quic:, such as a self-signed one of the router',
  },
  servername: {
    value: 'NAME',
    inEnvironment: true,
    help: 'the name in the certificate of the router, if it differs from the URL',
  },
  encoding: {
    value: 'NAME',
    fallback: 'binary',
    help: 'encoding of the messages: binary, cbor, or json (only WebSocket)',
  },
} as const satisfies Record<string, Flag>;

export type OptionName = keyof typeof options;

/** The options of commands that connect to a router. */
export const connectionOptions = ['url', 'token', 'timeout', 'ca', 'servername', 'encoding'] as const;

/** Returns an option without the narrow types of the table. */
export function optionOf(name: OptionName): Flag {
  return options[name];
}
