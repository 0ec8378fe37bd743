// @ts-check
// Attacks on the HTTP routes: static folders, the inspector, and the check of host names.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';
import { every } from './attack-tools.mjs';

/** @typedef {import('./attack-tools.mjs').Attack} Attack */
/** @typedef {import('./attack-tools.mjs').WebAccess} WebAccess */

const ANSWER_MS = 5_000;
/** Names of other sites that an attacker can make resolve to 127.0.0.1. */
const foreignHosts = ['evil.lan', 'evil.local', 'evil.home', 'evil.internal', 'evil', 'evil.example'];

/**
 * Returns the status of the answer; undefined if none arrives in time.
 *
 * @param {WebAccess | undefined} web
 * @param {string} path
 * @param {Record<string, string>} [headers]
 * @returns {Promise<number | undefined>}
 */
function statusOf(web, path, headers = {}) {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port: web?.http, path, headers, agent: false, timeout: ANSWER_MS });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    asked.end();
  });
}

/** Opens a feed of the inspector, whose first message requires the key. @param {WebAccess | undefined} web */
function openFeed(web) {
  const socket = new WebSocket(`ws://127.0.0.1:${web?.http}/inspect/feed`);
  socket.on('error', () => {});
  return socket;
}

/** Whether a page with the key of the link gets a feed. @param {WebAccess | undefined} web */
async function opensWithKey(web) {
  const key = web?.inspector?.split('#key=')[1];
  const socket = openFeed(web);
  const timer = setTimeout(() => socket.terminate(), ANSWER_MS);
  socket.once('message', () => socket.send(JSON.stringify({ type: 'unlock', key })));
  let messages = 0;
  socket.on('message', () => {
    if (++messages === 2) socket.close(1000, 'unlocked'); // the second one follows the key
  });
  await once(socket, 'close').catch(() => {}); // a refusal is an error
  clearTimeout(timer);
  return messages >= 2;
}

/** @type {readonly Attack[]} */
export const httpAttacks = [
  {
    name: 'static-fifo',
    about: 'requests for a FIFO in a --static folder; the answers, and that to a later request for a file',
    prepare() {
      const folder = mkdtempSync(join(tmpdir(), 'clasp-attack-fifo-'));
      execFileSync('mkfifo', [join(folder, 'fifo')]);
      writeFileSync(join(folder, 'file.txt'), 'file');
      return { flags: ['--static', folder], remove: () => rmSync(folder, { recursive: true, force: true }) };
    },
    async run(_port, _tokens, web) {
      /** @type {Record<string, number>} */
      const answers = {};
      const stop = every(() => {
        for (let i = 0; i < 20; i++) {
          void statusOf(web, '/fifo').then((status) => {
            answers[String(status)] = (answers[String(status)] ?? 0) + 1;
          });
        }
      }, 50);
      return async () => {
        stop();
        return { fifo: answers, file: await statusOf(web, '/file.txt') };
      };
    },
  },
  {
    name: 'inspector-feeds',
    about: 'feeds of the inspector without its key, opened again and again; whether a page with the key gets one',
    flags: ['--inspect'],
    async run(_port, _tokens, web) {
      /** @type {Set<WebSocket>} */
      const feeds = new Set();
      const stop = every(() => {
        while (feeds.size < 64) {
          const feed = openFeed(web);
          feeds.add(feed);
          feed.on('close', () => feeds.delete(feed));
        }
      }, 20);
      return async () => {
        const isOpen = await opensWithKey(web);
        stop();
        for (const feed of feeds) feed.terminate();
        return { withKey: isOpen };
      };
    },
  },
  {
    name: 'foreign-hosts',
    about: 'requests with host names of other sites, as after DNS rebinding; how many of 18 were accepted',
    flags: ['--inspect'],
    async run(_port, _tokens, web) {
      const upgrade = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
        'Sec-WebSocket-Protocol': 'clasp',
      };
      let accepted = 0;
      for (const host of foreignHosts) {
        const origin = `http://${host}`;
        const answers = [
          await statusOf(web, '/metrics', { Host: host }),
          await statusOf(web, '/inspect/', { Host: host }),
          await statusOf(web, '/', { ...upgrade, Host: host, Origin: origin }),
        ];
        accepted += answers.filter((status) => status === 200 || status === 101).length;
      }
      return () => ({ accepted });
    },
  },
];
