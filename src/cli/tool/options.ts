interface Option {
  /** What stands behind it in the help; absent for a switch. */
  readonly value?: string;
  /** What counts where it is not given. */
  readonly fallback?: string;
  /** Whether the environment counts too where the command line does not say: CLASP_URL for `--url`. */
  readonly inEnvironment?: true;
  readonly help: string;
}

/** Every option of the tool, in the order of the help. Which of them a command takes, its table says. */
export const options = {
  types: {
    value: 'LIST',
    help: 'only signals of these kinds: param, event, stream, gesture, timeline; commas between',
  },
  count: { value: 'N', help: 'ends after so many messages, those of the snapshot counted' },
  json: { help: 'one JSON object a line, for machines' },
  url: {
    value: 'URL',
    fallback: 'ws://127.0.0.1:7330',
    inEnvironment: true,
    help: 'the router: ws://, wss://, tcp://, tls://, quic:// or udp://host:port, or unix:/path',
  },
  token: {
    value: 'TOKEN',
    inEnvironment: true,
    help: 'for a router with --auth; better in CLASP_TOKEN, because others on this machine can see a command line',
  },
  timeout: {
    value: 'SECONDS',
    fallback: '5',
    inEnvironment: true,
    help: 'how long to wait until the router has let us in, and then for each answer',
  },
  ca: {
    value: 'FILE',
    inEnvironment: true,
    help: 'PEM certificate to trust, with wss:, tls: and quic:; that of the router where it is self-signed',
  },
  servername: {
    value: 'NAME',
    inEnvironment: true,
    help: 'the name in the certificate of the router, where it is not that in the URL',
  },
  encoding: { value: 'NAME', fallback: 'binary', help: 'how messages travel: binary, cbor, or json (WebSocket alone)' },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

/** What a command takes that talks with a router. */
export const connectionOptions = ['url', 'token', 'timeout', 'ca', 'servername', 'encoding'] as const;

/** An option without the narrow types of the table. */
export function optionOf(name: OptionName): Option {
  return options[name];
}
