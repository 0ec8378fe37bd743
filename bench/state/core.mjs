// @ts-check
// RouterCore alone, with a simulated clock: the cost of the router's work without sockets.
import { hello } from '../wire/clasp-frames.mjs';

/** Arbitrary start time; the core only compares times. */
const START_MICROS = 1_767_225_600_000_000;

/**
 * @param {Record<string, unknown>} [options] of createRouter
 * @param {URL} [dist] the build
 */
export async function makeCore(options = {}, dist = new URL('../../dist/', import.meta.url)) {
  /** @param {string} path below dist/ */
  const built = (path) => import(new URL(path, dist).href);
  const [{ RouterCore }, { RouterSession }, { parseRouterOptions }, { rootInput }, { decodeFrame }] = await Promise.all(
    [
      built('core/router-core.js'),
      built('core/session.js'),
      built('router/options.js'),
      built('router/composition.js'),
      built('protocol/frame.js'),
    ],
  );
  const clock = { micros: START_MICROS };
  const core = new RouterCore({ ...rootInput(parseRouterOptions(options)).router, nowMicros: () => clock.micros });
  let count = 0;

  return {
    core,
    clock,
    /** @param {Uint8Array} bytes */
    decode: (bytes) => decodeFrame(bytes),
    /**
     * Returns a session that has sent HELLO.
     *
     * @param {'raw' | 'websocket'} [framing] of its output
     */
    join(framing = 'raw') {
      const session = new RouterSession({
        id: String(++count),
        link: {
          transport: 'bench',
          remoteAddress: 'bench',
          framing,
          encoding: undefined,
          bufferedBytes: 0,
          write() {},
          close() {},
          destroy() {},
        },
        notify: (/** @type {{ type: string }} */ event) => {
          if (event.type === 'hello.accepted') session.phase = 'active';
        },
        nowMicros: clock.micros,
        maxQueueBytes: 4 << 20,
        maxQueueMessages: 65_536,
      });
      session.phase = 'awaitingHello';
      core.beginBatch();
      core.handle(session, decodeFrame(hello('core')), clock.micros);
      while (core.advanceTasks());
      return session;
    },
    /** Takes the outbox contents, as the end of a tick does. @returns bytes */
    flush() {
      let bytes = 0;
      for (const session of core.takeDirty()) bytes += session.outbox.take(false).length;
      return bytes;
    },
  };
}
