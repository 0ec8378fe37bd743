// @ts-check
// Many players in one process, with a connection each. Every move contains its send time.
import { elementAt } from '../element-at.mjs';
import { machineMicros } from '../machine-clock.mjs';
import { openLoop } from '../open-loop.mjs';
import { serve } from '../serve.mjs';
import { gesture, Phase, stream } from '../wire/clasp-frames.mjs';
import { clientMessage } from '../wire/websocket.mjs';

/**
 * @typedef {object} Player
 * @property {import('../wire/clasp.mjs').Peer} peer
 * @property {string} address
 * @property {number} movesPerGesture different ones, so that gestures end at any point between two delivered moves
 * @property {number} id of the gesture; 0 before the first
 * @property {number} movesMade since its start
 * @property {number} lastMove send time of the last of them
 */

const LEAST_MOVES = 40;
const MOST_MOVES = 140;

/** @type {Player[]} */
let players = [];
/** Player, id and last move of each ended gesture. @type {[number, number, number][]} */
let ended = [];

serve({ open, play, status });

/** @param {{ wire: string, server: import('../wire/clasp.mjs').Server, count: number }} input */
async function open({ wire, server, count }) {
  const { connect } = await import(`../wire/${wire}.mjs`);
  for (let i = 0; i < count; i++) {
    players.push({
      peer: await connect(server, `player ${i}`),
      address: `/bench/hand/${i}`,
      movesPerGesture: LEAST_MOVES + ((i * 37) % (MOST_MOVES - LEAST_MOVES)),
      id: 0,
      movesMade: 0,
      lastMove: 0,
    });
  }
}

/**
 * The players move in turn. A gesture ends after its number of moves, and the next one starts at once.
 *
 * @param {{ seconds: number, movesPerSecond: number, signal: 'gesture' | 'stream' }} input of each player
 * @returns {Promise<{ moves: number, ended: [number, number, number][] }>}
 */
async function play({ seconds, movesPerSecond, signal }) {
  ended = [];
  for (const player of players) player.movesMade = 0;
  const perSecond = movesPerSecond * players.length;
  const moves = await openLoop({ seconds, perSecond }, (i) => {
    const number = i % players.length;
    const player = elementAt(players, number);
    if (signal === 'stream') send(player, stream(player.address, machineMicros()));
    else move(number, player);
  });
  for (const [number, player] of players.entries()) if (player.movesMade > 0) end(number, player);
  return { moves, ended };
}

/**
 * @param {number} number
 * @param {Player} player
 */
function move(number, player) {
  if (player.movesMade === 0) phase(player, Phase.Start, (player.id += 1));
  phase(player, Phase.Move, player.id);
  player.movesMade++;
  if (player.movesMade === player.movesPerGesture) end(number, player);
}

/**
 * @param {number} number
 * @param {Player} player
 */
function end(number, player) {
  ended.push([number, player.id, player.lastMove]);
  phase(player, Phase.End, player.id);
  player.movesMade = 0;
}

/**
 * @param {Player} player
 * @param {number} phase
 * @param {number} id
 */
function phase(player, phase, id) {
  const value = machineMicros();
  if (phase === Phase.Move) player.lastMove = value;
  send(player, gesture(player.address, { phase, id, value }));
}

/**
 * @param {Player} player
 * @param {Buffer} frame
 */
function send({ peer }, frame) {
  peer.connection.send(clientMessage(frame));
}

function status() {
  return {
    problems: players.flatMap(({ peer: { connection, walker } }, i) => [
      ...(connection.lost === undefined ? [] : [`player ${i} lost its connection: ${connection.lost}`]),
      ...(walker.lastError === undefined ? [] : [`player ${i} got ERROR ${walker.lastError}`]),
    ]),
  };
}
