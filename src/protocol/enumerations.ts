/** The closed sets of names of the wire (wire.md 7). Arrays are in the order of their codes. */

export const signalTypes = ['param', 'event', 'stream', 'gesture', 'timeline'] as const;
/** What a signal is: a stored value, or one of the four kinds that pass through (7.1). */
export type SignalType = (typeof signalTypes)[number];

export const gesturePhases = ['start', 'move', 'end', 'cancel'] as const;
/** Where in its life a gesture is (7.4). */
export type GesturePhase = (typeof gesturePhases)[number];

export const federationOps = ['declareNamespaces', 'requestSync', 'revisionVector', 'syncComplete'] as const;
/** What one router asks of another (7.6). The code on the wire is the index plus one. */
export type FederationOp = (typeof federationOps)[number];

/** Quality of service of a frame (7.2). */
export const Qos = { Fire: 0, Confirm: 1, Commit: 2 } as const;
export type Qos = (typeof Qos)[keyof typeof Qos];

export const features = ['param', 'event', 'stream', 'gesture', 'timeline', 'federation'] as const;
/** What a peer says it can do, in HELLO and WELCOME (7.5). */
export type Feature = (typeof features)[number];

/** Feature names in the order of their bits, from 0x80 down; `federation` (0x04) exists in HELLO only. */
export function featureBits(names: readonly Feature[], known: number): number {
  let bits = 0;
  for (const name of names) bits |= 0x80 >> features.indexOf(name);
  return bits & known;
}

export function featuresFromBits(bits: number, known: number): readonly Feature[] {
  return features.filter((_, index) => (bits & known & (0x80 >> index)) !== 0);
}

/** The signal types a filter lets through as a bit mask (7.3): 0xFF is no filter. */
export function signalTypeMask(types: readonly SignalType[] | undefined): number {
  if (types === undefined || types.length === 0) return 0xff;
  let mask = 0;
  for (const type of types) mask |= 1 << signalTypes.indexOf(type);
  return mask;
}

/** The list behind a mask; undefined for 0xFF and for a mask without any known bit, which both mean no filter. */
export function signalTypesFromMask(mask: number): readonly SignalType[] | undefined {
  if (mask === 0xff || (mask & 0x1f) === 0) return undefined;
  return signalTypes.filter((_, index) => (mask & (1 << index)) !== 0);
}
