import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../../src/cli/settings.js';

/** The variables that Kubernetes 1.30 sets for a service named `clasp` with the port 7330. */
const ofKubernetes = {
  CLASP_PORT: 'tcp://10.96.0.7:7330',
  CLASP_PORT_7330_TCP: 'tcp://10.96.0.7:7330',
  CLASP_PORT_7330_TCP_ADDR: '10.96.0.7',
  CLASP_PORT_7330_TCP_PORT: '7330',
  CLASP_PORT_7330_TCP_PROTO: 'tcp',
  CLASP_SERVICE_HOST: '10.96.0.7',
  CLASP_SERVICE_PORT: '7330',
  CLASP_SERVICE_PORT_WS: '7330',
};

function settingsOf(environment: Readonly<Record<string, string>>): {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
} {
  const request = readSettings([], environment);
  if (request.kind !== 'run') throw new Error('it runs a router');
  return { settings: { ...request.settings }, warnings: request.warnings };
}

describe('service links in the environment', () => {
  it('of a service named clasp are ignored, with a warning that states the source of the variable', () => {
    const { settings, warnings } = settingsOf(ofKubernetes);
    expect(settings.port).toBe(7330);
    expect(warnings).toEqual([
      'CLASP_PORT="tcp://10.96.0.7:7330" is ignored: it is the service link that Kubernetes or Docker sets for a service ' +
        'named clasp; give the port as an option, or set enableServiceLinks: false',
    ]);
  });

  it.each([
    ['CLASP_TCP_PORT', 'tcpPort', 'tcp://10.96.0.8:7333', 'clasp-tcp'],
    ['CLASP_UDP_PORT', 'udpPort', 'udp://[fd00::8]:7330', 'clasp-udp'],
    ['CLASP_QUIC_PORT', 'quicPort', 'udp://10.96.0.8:7331', 'clasp-quic'],
    ['CLASP_HEALTH_PORT', 'healthPort', 'tcp://10.96.0.8:9090', 'clasp-health'],
  ])('are ignored in %s as well', (variable, setting, link, service) => {
    const { settings, warnings } = settingsOf({ [variable]: link });
    expect(settings[setting]).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${variable}=.* a service named ${service};`))]);
  });

  it('do not affect a variable with a port number, or a flag', () => {
    expect(settingsOf({ ...ofKubernetes, CLASP_PORT: '9000' })).toMatchObject({
      settings: { port: 9000 },
      warnings: [],
    });
    expect(readSettings(['--port', '9001'], ofKubernetes)).toMatchObject({ settings: { port: 9001 }, warnings: [] });
  });
});
