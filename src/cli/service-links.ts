/** What Kubernetes, and Docker with `--link`, set for a service: `tcp://10.96.0.7:7330`, `tcp://[fd00::7]:7330`. */
const serviceLink = /^(?:tcp|udp|sctp):\/\/[^\s/]+:\d+$/;

export interface ServiceLinks {
  /** The environment without the variables that are service links. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One sentence per variable that was left out. */
  readonly warnings: readonly string[];
}

/**
 * Kubernetes gives each container the addresses of the services in its namespace: CLASP_PORT for a service named `clasp`,
 * CLASP_TCP_PORT for `clasp-tcp`. Nobody has set these for the router, so they count as not set.
 *
 * @param variables the variables that hold a port
 */
export function ignoreServiceLinks(
  environment: Readonly<Record<string, string | undefined>>,
  variables: readonly string[],
): ServiceLinks {
  const links = variables.filter((variable) => serviceLink.test(environment[variable] ?? ''));
  return {
    environment: { ...environment, ...Object.fromEntries(links.map((variable) => [variable, undefined])) },
    warnings: links.map((variable) => {
      const service = variable
        .replace(/_PORT$/, '')
        .toLowerCase()
        .replaceAll('_', '-');
      return (
        `${variable}="${environment[variable] ?? ''}" is ignored: it is the service link that Kubernetes or Docker sets ` +
        `for a service named ${service}; give the port as an option, or set enableServiceLinks: false`
      );
    }),
  };
}
