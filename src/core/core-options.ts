import { queryOptions, signalOptions, willOptions } from './announce/announce-options.js';
import { sendQueueBudgetOptions } from './congestion/congestion-options.js';
import { paramOptions } from './params/param-options.js';
import { publishOptions } from './publish/publish-options.js';
import { helloOptions, malformedOptions } from './sessions/hello-options.js';
import { subscriptionOptions } from './subscriptions/subscription-options.js';
import { systemOptions } from './system/system-options.js';
import { hookOptions, writeOptions } from './writes/write-options.js';

/** The options of the router core: those of its parts. */
export const coreOptions = {
  ...helloOptions,
  ...malformedOptions,
  ...paramOptions,
  ...writeOptions,
  ...hookOptions,
  ...subscriptionOptions,
  ...publishOptions,
  ...signalOptions,
  ...willOptions,
  ...queryOptions,
  ...systemOptions,
  ...sendQueueBudgetOptions,
};
