import type { FaultCounts } from '../actors/listener/rejection-log.js';
import type { Statistics } from '../core/system/statistics.js';

/** The statistics of a router, since its start except where noted. */
export interface RouterStatistics extends Statistics {
  /** HELLOs refused for an invalid or missing token. */
  readonly authFailures: number;
  /** Sessions released because they did not answer a probe while other connections waited. */
  readonly releasedSessions: number;
  /** Sessions displaced by new connections: the router was full, and they had neither a subscription nor a write. */
  readonly displacedSessions: number;
  /** Rejected connections, by kind. */
  readonly rejectedConnections: Readonly<FaultCounts>;
}
