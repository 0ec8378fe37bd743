import type { InspectorService } from '../inspector/index.js';
import type { Settings } from './settings.js';
import { describeFlag } from './flag-names.js';
import { UsageError } from './usage-error.js';

/** Returns the inspector with its relay; undefined without both. @throws UsageError, RelayUrlError */
export async function inspection(settings: Settings): Promise<InspectorService | undefined> {
  const { allowHosts, inspect, inspectRemote, inspectRelayUrl, websocket } = settings;
  if (!inspect && inspectRelayUrl === undefined) return undefined;
  if (inspect && !websocket) throw new UsageError('--inspect needs the WebSocket port; leave out --no-websocket');
  // Loaded only if it is used.
  const { inspector } = await import('../inspector/index.js');
  return inspector({
    page: inspect,
    isRemote: inspectRemote,
    allowHosts,
    relayUrl: inspectRelayUrl,
    describeOption: describeFlag,
  });
}
