import {
  callback,
  clock,
  count,
  duration,
  flag,
  listenLimitRules,
  positive,
  routes,
  text,
  texts,
  tls,
} from '../net/option-rules.js';

/** Rules that a WebSocket port and a port for routes share. */
const portRules = {
  port: count,
  host: text,
  tls,
  allowedOrigins: texts,
  allowHosts: texts,
  trustedProxies: texts,
  describeOption: callback,
  routes,
  clock,
} as const;

export const webSocketRules = {
  ...portRules,
  maxFrameBytes: positive,
  ...listenLimitRules,
  maxHeaderBytes: positive,
  maxHeaders: positive,
  pingIntervalMs: duration,
  statusPage: callback,
  onRouteError: callback,
  allowClaspV2: flag,
} as const;

export const httpPortRules = { ...portRules, handshakeMs: duration, onError: callback } as const;
