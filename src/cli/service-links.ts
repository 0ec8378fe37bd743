/** The variables that Kubernetes, and Docker with `--link`, set for a service: `tcp://10.96.0.7:7330`. */
const serviceLink = /^(?:tcp|udp|sctp):\/\/[^\s/]+:\d+$/;

export interface ServiceLinks {
  /** The environment without the variables that are service links. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One sentence per ignored variable. */
  readonly warnings: readonly string[];
}

/**
 * Removes service links. Kubernetes sets the addresses of the services of a namespace in each container: CLASP_PORT for
 * a service named `clasp`, CLASP_TCP_PORT for `clasp-tcp`. They are not options of the router.
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
