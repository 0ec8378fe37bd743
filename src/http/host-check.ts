import { allowedHost, hostNameOf, type HostRule, hostRule } from '../util-node/host-names.js';
import type { DescribeOption } from '../util/describe-option.js';
import { TransportError } from '../net/transport-error.js';

export interface HostCheckOptions {
  /** As returned by {@link listedHost}. */
  readonly allowHosts: readonly string[];
  /** Address on which the port listens. */
  readonly listensOn: string;
  /** The host that the user configured. */
  readonly host: string;
  /** With TLS, the certificate proves the name: a browser does not connect by another name. */
  readonly isEncrypted: boolean;
  readonly describeOption: DescribeOption;
}

/** Reason of a rejection, for the peer and for the log. */
export interface HostRefusal {
  readonly answer: string;
  readonly text: string;
}

/** Rejects requests for host names that are not the router's. */
export class HostCheck {
  readonly #isAllowed: HostRule;
  readonly #option: string;

  constructor({ allowHosts, listensOn, host, isEncrypted, describeOption }: HostCheckOptions) {
    this.#option = describeOption('allowHosts');
    this.#isAllowed = isEncrypted ? () => true : hostRule(allowHosts, listensOn, host);
  }

  /** @param hosts every host that a request names, each with or without a port @returns undefined if all are allowed */
  refusal({ hosts }: { readonly hosts: readonly (string | undefined)[] }): HostRefusal | undefined {
    if (hosts.every(this.#isAllowed)) return undefined;
    const name = shownName(hosts.find((host) => !this.#isAllowed(host)));
    return {
      answer: `This router does not answer requests for ${name ?? 'this host name'}. If that is a name of the router, allow it with ${this.#option}.\n`,
      text: `a request for ${name ?? 'a host name'} that is not a name of the router; ${this.#option} allows one`,
    };
  }
}

/** Normalizes an item of `allowHosts`. @throws TransportError if it is not a name, an address or `*` */
export function listedHost(text: string): string {
  const name = allowedHost(text);
  if (name !== undefined) return name;
  throw new TransportError(
    `"${text}" is not a host name; write it as show.example.org, without scheme and port, or use *`,
  );
}

/** Returns the name if it is safe to display. Undefined if it contains other characters or is long. */
function shownName(host: string | undefined): string | undefined {
  const name = host === undefined ? undefined : hostNameOf(host);
  return name !== undefined && /^[a-z0-9.-]{1,80}$/.test(name) ? name : undefined;
}
