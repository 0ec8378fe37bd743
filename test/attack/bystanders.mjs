// @ts-check
// Two clients in a separate process: one sets a param 200 times per second, the other receives it and times each SET.
import { Histogram } from '../../bench/histogram.mjs';
import { serve } from '../../bench/serve.mjs';
import { connect } from 'clasp-router/client';

const ADDRESS = '/bystanders/param';
const EVERY_MS = 5;

/** @type {import('clasp-router/client').Client} */
let sender;
/** @type {import('clasp-router/client').Client} */
let receiver;
let histogram = new Histogram();
/** @type {Map<number, number>} */
const sentAt = new Map();
let number = 0;
/** @type {NodeJS.Timeout | undefined} */
let timer;

serve({ open, start, stop, join });

/** @param {{ url: string, token?: string }} input */
async function open({ url, token }) {
  [sender, receiver] = await Promise.all([
    connect(url, { name: 'sender', token, keepAliveMs: 0 }),
    connect(url, { name: 'receiver', token, keepAliveMs: 0 }),
  ]);
  await receiver.on(ADDRESS, ({ value }) => {
    const began = sentAt.get(Number(value));
    if (began === undefined) return;
    sentAt.delete(Number(value));
    histogram.record((performance.now() - began) * 1_000);
  });
}

function start() {
  histogram = new Histogram();
  sentAt.clear();
  timer = setInterval(() => {
    sentAt.set(++number, performance.now());
    sender.set(ADDRESS, number).catch(() => {});
  }, EVERY_MS);
}

/** Waits for the SETs in flight, at most 30 s. */
async function stop() {
  clearInterval(timer);
  const deadline = performance.now() + 30_000;
  while (sentAt.size > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    count: histogram.count,
    lost: sentAt.size,
    p50: histogram.percentile(0.5) / 1_000,
    p99: histogram.percentile(0.99) / 1_000,
    max: histogram.max / 1_000,
  };
}

/**
 * Measures how long a new client takes to connect and to subscribe to everything. @param {{ url: string, token?:
 * string, pattern: string, params: number }} input
 */
async function join({ url, token, pattern, params }) {
  const began = performance.now();
  const client = await connect(url, { name: 'late', token, keepAliveMs: 0 });
  const seen = new Set();
  await new Promise((resolve) => {
    const give = setTimeout(resolve, 60_000);
    void client.on(pattern, ({ address }) => {
      seen.add(address);
      if (seen.size < params) return;
      clearTimeout(give);
      resolve(undefined);
    });
  });
  const ms = performance.now() - began;
  await client.close();
  return { ms, params: seen.size };
}
