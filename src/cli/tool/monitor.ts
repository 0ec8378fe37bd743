import { type Client, ClaspError, type Signal } from '../../client/node.js';
import { wallTime } from '../../util/clock.js';
import type { SignalType } from '../../protocol/enumerations.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { refusal } from './failure.js';
import { readPattern } from './places.js';
import { signalJson, signalLine } from './signal-line.js';

/** Messages that can wait for the reader of the output. Above this, the client drops the least important ones. */
const BUFFER_SIZE = 10_000;

interface Watch {
  readonly pattern: Pattern;
  readonly types: readonly SignalType[] | undefined;
  /** Number of messages after which it ends. */
  readonly count: number;
}

/** `monitor [PATTERN]`: prints one line per message, until the count is reached or the user interrupts it. */
export async function monitor(context: ToolContext): Promise<void> {
  const { types, count = Infinity } = context.options;
  const watch: Watch = { pattern: readPattern(context.args[0]), types, count };
  await withClient(context, (client) => show(client, watch, context));
}

async function show(
  client: Client,
  { pattern, types, count }: Watch,
  { options, output, host }: ToolContext,
): Promise<void> {
  const lineOf: (signal: Signal, atMs: number) => string = options.asJson ? signalJson : signalLine;
  client.onError((error) => {
    output.say(error instanceof ClaspError ? refusal(error) : error.message);
  });
  const signals = client.signals(pattern, { types, bufferSize: BUFFER_SIZE });
  const forget = host.onInterrupt(() => void signals.return());
  let printed = 0;
  try {
    for await (const signal of signals) {
      await output.print(lineOf(signal, wallTime(host.clock)));
      if (++printed >= count) break;
    }
  } finally {
    forget();
    if (signals.dropped > 0)
      output.say(`${signals.dropped} messages were dropped: the reader of the output is too slow`);
  }
}
