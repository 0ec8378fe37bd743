// @ts-check
// Attacks with a token of narrow scopes, on a router that requires tokens.
import { every, fill, joinMany, leaveAll, one } from './attack-tools.mjs';
import { encoded, Peer } from './peer.mjs';

/** @typedef {import('./attack-tools.mjs').Attack} Attack */

/** @type {readonly Attack[]} */
export const guestAttacks = [
  {
    name: 'guest-evicts',
    about: 'a guest floods new params of its own with --max-params 20000; how many of 10,000 params of others are left',
    flags: ['--max-params', '20000'],
    isGuest: true,
    async run(port, tokens) {
      const admin = await Peer.join(port, { token: tokens?.admin });
      await fill(admin, 10_000, (i) => `/lights/${i}`);
      const guest = await Peer.join(port, { token: tokens?.guest });
      guest.ignoreAnswers();
      let next = 0;
      const stop = every(() => {
        const lot = Array.from({ length: 500 }, () => ({
          type: /** @type {const} */ ('set'),
          address: `/guest/${next++}`,
          value: one,
        }));
        guest.write(encoded(lot));
      }, 5);
      return async () => {
        stop();
        guest.leave();
        admin.errors = {};
        for (let i = 0; i < 10_000; i += 1_000) {
          const gets = Array.from({ length: 1_000 }, (_, n) => ({
            type: /** @type {const} */ ('get'),
            address: `/lights/${i + n}`,
          }));
          admin.write(encoded(gets));
          await admin.settled();
        }
        admin.leave();
        return { left: 10_000 - (admin.errors[201] ?? 0) };
      };
    },
  },
  {
    name: 'guest-verdicts',
    about: '200 sessions of a guest that GET 4,000 addresses of 1 KB outside its scope each',
    isGuest: true,
    async run(port, tokens) {
      const peers = await joinMany(port, 200, { token: tokens?.guest });
      const long = 'x'.repeat(1_000);
      for (const peer of peers) peer.ignoreAnswers();
      let at = 0;
      const stop = every(() => {
        if (at >= 4_000) return;
        const lot = encoded(
          Array.from({ length: 20 }, (_, i) => ({ type: /** @type {const} */ ('get'), address: `/${at + i}/${long}` })),
        );
        at += 20;
        for (const peer of peers) peer.write(lot);
      }, 20);
      return () => (stop(), leaveAll(peers));
    },
  },
  {
    name: 'guest-rate',
    about: '20 sessions of a token with rate=5; how many of 400 writes in one burst pass',
    isGuest: true,
    async run(port, tokens) {
      const peers = await joinMany(port, 20, { token: tokens?.limited });
      for (const [i, peer] of peers.entries()) {
        for (let n = 0; n < 20; n++) peer.send({ type: 'set', address: `/guest/${i}/${n}`, value: one });
      }
      await Promise.all(peers.map((peer) => peer.settled()));
      return () => {
        const refused = peers.reduce((sum, { errors }) => sum + (errors[429] ?? 0), 0);
        leaveAll(peers);
        return { passed: 400 - refused };
      };
    },
  },
];
