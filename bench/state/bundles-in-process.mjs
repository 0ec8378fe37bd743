// @ts-check
// Router, sender and receiver in one process, over the memory transport and with one clock: measures the delay of a
// bundle without a network.
import { setTimeout as sleep } from 'node:timers/promises';
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';
import { hello, subscribe, Type } from '../wire/clasp-frames.mjs';
import { publishValue } from '../wire/clasp-reader.mjs';
import { BundleSchedule, judge, PARTS } from './bundle-schedule.mjs';

const PATIENCE_MS = 2_000;
const POLL_MS = 20;
const HEADER = 4;

serve({ measure });

/** @param {{ seconds: number, warmUpSeconds: number, perSecond: number }} input */
async function measure({ seconds, warmUpSeconds, perSecond }) {
  const [{ createRouter }, { memory }] = await Promise.all([
    import(new URL('../../dist/router/create-router.js', import.meta.url).href),
    import(new URL('../../dist/transports/memory/index.js', import.meta.url).href),
  ]);
  const router = createRouter();
  const transport = memory();
  await router.listen(transport);
  const [sender, receiver] = [transport.connect(), transport.connect()];
  /** @type {{ numbers: number[], times: number[] }} */
  let arrivals = { numbers: [], times: [] };
  sender.batches$.subscribe(() => {});
  receiver.batches$.subscribe((/** @type {readonly Uint8Array[]} */ frames) => {
    const now = routerMicros();
    for (const frame of frames) {
      const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
      if (bytes[HEADER] !== Type.Publish) continue;
      arrivals.times.push(now);
      arrivals.numbers.push(publishValue(bytes, HEADER));
    }
  });
  sender.write(hello('sender'));
  receiver.write(hello('receiver'));
  receiver.write(subscribe(1, '/bench/**'));
  await sleep(POLL_MS);

  /** @param {number} forSeconds */
  const round = async (forSeconds) => {
    arrivals = { numbers: [], times: [] };
    const schedule = new BundleSchedule(true);
    await openLoop({ seconds: forSeconds, perSecond }, () => sender.write(schedule.next(routerMicros())));
    const deadline = performance.now() + PATIENCE_MS;
    while (arrivals.numbers.length < PARTS * schedule.times.length && performance.now() < deadline)
      await sleep(POLL_MS);
    return judge(schedule.times, arrivals, 1);
  };
  await round(warmUpSeconds);
  const result = await round(seconds);
  await router.stop();
  return result;
}

/** The router uses the clock of the process. */
function routerMicros() {
  return (performance.timeOrigin + performance.now()) * 1000;
}
