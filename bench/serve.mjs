// @ts-check

/**
 * The worker's side of worker.mjs: answers calls of the process that forked this one, and ends with it.
 *
 * @param {Record<string, (input: any) => unknown>} handlers by the name of the call
 */
export function serve(handlers) {
  process.on('message', async (/** @type {{ id: number, name: string, input: unknown }} */ { id, name, input }) => {
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`no handler for ${name}`);
      process.send?.({ id, output: await handler(input) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
  // Ctrl-C reaches every process of the group; the main process decides when this one ends.
  process.on('SIGINT', () => {});
}
