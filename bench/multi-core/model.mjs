// @ts-check
// What a leader with edge processes could serve, computed from measured costs. docs/explanation/several-cores.md
// states the assumptions.

/**
 * @typedef {object} Costs processor time in µs
 * @property {number} batch one exchange of batches over the link, at each end: a write and a read
 * @property {number} build one message written into a batch, once for all edges
 * @property {number} send one message of a written batch, per edge
 * @property {number} receive one message of a batch, at its reader
 * @property {number} apply one SET in the core
 * @property {number} read one SET that arrives in a packet of its own, from the socket to the core
 * @property {number} write one small write to a client
 * @property {number} connect one session: connect, WELCOME, SNAPSHOT, close
 *
 * @typedef {object} Show
 * @property {number} setsPerSecond SETs of all clients, each in a packet
 * @property {number} writesPerSession small writes per second to each session
 * @property {number} batchesPerSecond batches of the leader to each edge
 */

/** Busy part of a core at which a process counts as full. */
const FULL = 0.8;
const MICROS = 1e6;

/**
 * Returns the number of sessions that `cores` can serve: 1 is one process, more are a leader and edges.
 *
 * @param {number} cores
 * @param {Costs} costs
 * @param {Show} show
 * @returns {number} 0 if the leader or the log alone is too much
 */
export function sessionsOn(cores, costs, { setsPerSecond, writesPerSession, batchesPerSecond }) {
  const perSession = writesPerSession * costs.write;
  if (cores === 1) return room(setsPerSecond * costs.read, perSession);
  const edges = cores - 1;
  if (leaderLoad(edges, costs, { setsPerSecond, batchesPerSecond }) > FULL) return 0;
  const log = batchesPerSecond * costs.batch + setsPerSecond * (costs.receive + costs.apply);
  const requests = (setsPerSecond / edges) * (costs.read + costs.build + costs.send);
  return edges * room(log + requests, perSession);
}

/**
 * Returns the busy part of the leader's core.
 *
 * @param {number} edges
 * @param {Costs} costs
 * @param {Omit<Show, 'writesPerSession'>} show
 */
export function leaderLoad(edges, { batch, build, send, receive, apply }, { setsPerSecond, batchesPerSecond }) {
  return (edges * batchesPerSecond * batch + setsPerSecond * (receive + apply + build + edges * send)) / MICROS;
}

/** Returns connects per second. @param {number} cores @param {Costs} costs */
export function connectsOn(cores, { connect }) {
  return (Math.max(1, cores - 1) * FULL * MICROS) / connect;
}

/**
 * @param {number} fixed µs per second
 * @param {number} perSession µs per second
 */
function room(fixed, perSession) {
  return Math.max(0, Math.floor((FULL * MICROS - fixed) / perSession));
}
