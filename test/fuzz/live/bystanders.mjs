// @ts-check
import { connect } from 'clasp-router/client';

const TURN_MS = 20;
const PATIENCE_MS = 20_000;

/**
 * Two honest clients. One sends a param and an event every 20 ms, 100 messages per second. The other must receive all
 * of them, once and in order. Both must stay connected.
 */
export class Bystanders {
  /** @type {string[]} */
  faults = [];
  said = 0;
  /** Counts of received numbers. */
  params = 0;
  events = 0;
  acknowledged = 0;
  /** Maximum delivery time in milliseconds, delays of this process included. */
  worstMs = 0;
  #speaker;
  #listener;
  #address;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** Send times of the numbers that have not arrived. @type {Map<number, number>} */
  #underway = new Map();

  /** @param {{ speaker: string, listener: string, name: string }} where addresses of two listeners of the router */
  static async join({ speaker, listener, name }) {
    const options = { reconnect: /** @type {const} */ (false) };
    const bystanders = new Bystanders(
      await connect(speaker, { name: `${name} speaker`, ...options }),
      await connect(listener, { name: `${name} listener`, ...options }),
      `/bystanders/${name}`,
    );
    await bystanders.#listen();
    return bystanders;
  }

  /** @param {import('clasp-router/client').Client} speaker @param {import('clasp-router/client').Client} listener @param {string} address */
  constructor(speaker, listener, address) {
    this.#speaker = speaker;
    this.#listener = listener;
    this.#address = address;
    for (const [who, client] of /** @type {const} */ ([
      ['speaker', speaker],
      ['listener', listener],
    ])) {
      client.onState(({ state, reason }) => {
        if (reason !== undefined) this.#fault(`the ${who} of ${address} is ${state}: ${reason.message}`);
      });
      client.onError((error) => this.#fault(`the ${who} of ${address} was told: ${error.message}`));
    }
  }

  begin() {
    this.#timer = setInterval(() => this.#say(), TURN_MS);
  }

  /** Stops, and waits for the messages in flight. */
  async end() {
    clearInterval(this.#timer);
    const deadline = performance.now() + PATIENCE_MS;
    const isDone = () => this.params >= this.said && this.events >= this.said && this.acknowledged >= this.said;
    while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!isDone())
      this.#fault(
        `of ${this.said} messages of ${this.#address}, ${this.params} params and ${this.events} events arrived, and ${this.acknowledged} were acknowledged`,
      );
    await Promise.all([this.#speaker.close(), this.#listener.close()]);
  }

  async #listen() {
    const heard = this.#listener.on(`${this.#address}/*`, (signal) => {
      if (signal.kind === 'param') {
        this.params++;
        this.#expect('param', this.params, Number(signal.value));
        this.#expect('revision', this.params, Number(signal.revision));
      } else {
        this.events++;
        this.#expect('event', this.events, Number('value' in signal ? signal.value : NaN));
        this.#time(this.events);
      }
    });
    await heard.ready;
  }

  #say() {
    const number = ++this.said;
    this.#underway.set(number, performance.now());
    this.#speaker.set(`${this.#address}/param`, number).then(
      ({ revision }) => {
        this.acknowledged++;
        this.#expect('acknowledged revision', number, Number(revision));
      },
      (error) => this.#fault(`a SET to ${this.#address} failed: ${error}`),
    );
    if (!this.#speaker.emit(`${this.#address}/event`, number))
      this.#fault(`an event to ${this.#address} could not be sent`);
  }

  /** @param {number} number */
  #time(number) {
    const saidMs = this.#underway.get(number);
    this.#underway.delete(number);
    if (saidMs !== undefined) this.worstMs = Math.max(this.worstMs, performance.now() - saidMs);
  }

  /** @param {string} what @param {number} expected @param {number} got */
  #expect(what, expected, got) {
    if (got !== expected) this.#fault(`${this.#address}: the ${expected}th ${what} is ${got}`);
  }

  /** @param {string} text */
  #fault(text) {
    if (this.faults.length < 20) this.faults.push(text);
  }
}
