// @ts-check
// The load: residents, which stay for the whole run, and visitors, which connect and disconnect.
import { elementAt } from '../../bench/element-at.mjs';
import { serve } from '../../bench/serve.mjs';
import { connect } from 'clasp-router/client';
import { Random } from '../support/mutate.mjs';
import { ALL_FIXED, visit } from './visitor.mjs';

const REST_MS = 20_000;

/** @type {string[]} */
const faults = [];
const counts = { visits: 0, acts: 0, failedVisits: 0, heard: 0 };
/** @type {import('clasp-router/client').Client[]} */
const residents = [];
/** @type {readonly string[]} */
let urls = [];
let isWelcome = false;
let present = 0;
let random = new Random(0);

serve({
  /** @param {{ urls: string[], seed: number, residents: number }} input */
  async open(input) {
    urls = input.urls;
    random = new Random(input.seed);
    for (let i = 0; i < input.residents; i++) residents.push(await resident(elementAt(urls, i % urls.length), i));
    for (const address of ALL_FIXED) await elementAt(residents, 0).set(address, 0);
  },

  /** Starts visitors until `rest`. @param {{ visitors: number }} input */
  begin({ visitors }) {
    isWelcome = true;
    for (let i = 0; i < visitors; i++) void comeAgainAndAgain(new Random(random.below(0xffff_ffff)));
  },

  /** Resolves when the last visitor has disconnected. */
  async rest() {
    isWelcome = false;
    const deadline = performance.now() + REST_MS;
    while (present > 0 && performance.now() < deadline) await sleep(20);
    if (present > 0) faults.push(`${present} visitors do not get away`);
    return { ...counts, faults };
  },

  /** Sends a request, at which the router removes expired announcements. */
  async ask() {
    await elementAt(residents, 0).query('/soak/announced/**');
  },

  async close() {
    await Promise.all(residents.map((client) => client.close()));
  },
});

/** @param {Random} dice */
async function comeAgainAndAgain(dice) {
  present++;
  while (isWelcome) {
    counts.visits++;
    try {
      const acts = await visit(dice.pick(urls), dice, () => isWelcome);
      counts.acts += acts;
    } catch {
      counts.failedVisits++;
      await sleep(100);
    }
  }
  present--;
}

/** @param {string} url @param {number} number */
async function resident(url, number) {
  // UDP clients must send within the router's idle timeout, which is short here.
  const keepAliveMs = url.startsWith('udp:') ? 1_500 : 10_000;
  const client = await connect(url, { name: `resident ${number}`, reconnect: false, keepAliveMs });
  client.onState(({ state, reason }) => {
    if (reason !== undefined) faults.push(`resident ${number} is ${state}: ${reason.message}`);
  });
  client.onError((error) => faults.push(`resident ${number} was told: ${error.message}`));
  client.on('/soak/**', () => counts.heard++, number % 2 === 0 ? {} : { maxRate: 30 });
  return client;
}

/** @param {number} milliseconds */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
