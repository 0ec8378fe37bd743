import { readFileSync } from 'node:fs';
import { ClientError, type Client, connect, linkTo, type Link } from '../../client/node.js';
import { UsageError } from '../usage-error.js';
import type { ToolContext } from './context.js';
import type { Given, OptionValues } from './option-values.js';

/**
 * Connects, runs the work and closes the connection. A lost connection is not restored, so that the command reports it.
 *
 * @throws UsageError for an invalid option, before anything is opened; ClientError, ClaspError
 */
export async function withClient<T>(
  { options, host }: Pick<ToolContext, 'options' | 'host'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { timeoutMs, token, encoding } = options;
  const link = readLink(options, timeoutMs);
  const client = await connect(link, {
    name: 'clasp-router command',
    token,
    encoding,
    reconnect: false,
    ackTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    clock: host.clock,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function readLink({ url, caFile, servername, encoding }: OptionValues, connectTimeoutMs: number): Link {
  if (!url.text.startsWith('unix:') && !URL.canParse(url.text)) {
    throw new UsageError(`${url.source}: "${url.text}" is not a URL`);
  }
  let link: Link;
  try {
    link = linkTo(url.text, { ca: caFile && readCertificate(caFile), servername, connectTimeoutMs });
  } catch (error) {
    if (error instanceof ClientError) throw new UsageError(`${url.source}: ${error.message}`);
    throw error;
  }
  if (encoding === 'json' && !link.carriesText) {
    throw new UsageError(`--encoding json needs a WebSocket (ws: or wss:), not ${url.text}`);
  }
  return link;
}

function readCertificate({ text: path, source }: Given): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? ` (${String(error.code)})` : '';
    throw new UsageError(`${source}: cannot read ${path}${code}`);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new UsageError(`${source}: ${path} is not a PEM certificate`);
  return pem;
}
