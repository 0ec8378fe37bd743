/** The closed sets of names on the wire (wire.md 7). Arrays are in the order of their codes. */

export const signalTypes = ['param', 'event', 'stream', 'gesture', 'timeline'] as const;
/** Type of a signal: a stored param, or one of the four types that are forwarded without being stored (7.1). */
export type SignalType = (typeof signalTypes)[number];

export const gesturePhases = ['start', 'move', 'end', 'cancel'] as const;
/** Phase of a gesture (7.4). */
export type GesturePhase = (typeof gesturePhases)[number];

export const federationOps = ['declareNamespaces', 'requestSync', 'revisionVector', 'syncComplete'] as const;
/** Operation between routers (7.6). The code on the wire is the index plus one. */
export type FederationOp = (typeof federationOps)[number];

/** Quality of service of a frame (7.2). */
export const Qos = { Fire: 0, Confirm: 1, Commit: 2 } as const;
export type Qos = (typeof Qos)[keyof typeof Qos];

export const features = ['param', 'event', 'stream', 'gesture', 'timeline', 'federation'] as const;
/** A capability that a peer reports in HELLO and WELCOME (7.5). */
export type Feature = (typeof features)[number];

/** Maps feature names to bits, from 0x80 down in the order of the list. `federation` (0x04) exists in HELLO only. */
export function featureBits(names: readonly Feature[], known: number): number {
  let bits = 0;
  for (const name of names) bits |= 0x80 >> features.indexOf(name);
  return bits & known;
}

export function featuresFromBits(bits: number, known: number): readonly Feature[] {
  return features.filter((_, index) => (bits & known & (0x80 >> index)) !== 0);
}

/** Returns the signal types of a filter as a bit mask (7.3). 0xFF means no filter. */
export function signalTypeMask(types: readonly SignalType[] | undefined): number {
  if (types === undefined || types.length === 0) return 0xff;
  let mask = 0;
  for (const type of types) mask |= 1 << signalTypes.indexOf(type);
  return mask;
}

/** Returns the list for a mask. Undefined means no filter: 0xFF, or a mask without known bits. */
export function signalTypesFromMask(mask: number): readonly SignalType[] | undefined {
  if (mask === 0xff || (mask & 0x1f) === 0) return undefined;
  return signalTypes.filter((_, index) => (mask & (1 << index)) !== 0);
}
