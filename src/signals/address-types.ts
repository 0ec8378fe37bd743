/**
 * Addresses, definitions and patterns as types. Each type mirrors what `AddressTree` does when the program runs; nothing here is
 * there then.
 */

/** The addresses a definition stands for: `/lights/:n/dim` gives `/lights/${string}/dim`. */
export type Template<K extends string> = K extends `${infer Head}/:${infer Rest}`
  ? Rest extends `${string}/${infer Tail}`
    ? `${Head}/${string}${Template<`/${Tail}`>}`
    : `${Head}/${string}`
  : K;

/** What a definition is announced as, with `*` in place of `:name`. */
export type PatternFor<K extends string> = K extends `${infer Head}/:${infer Rest}`
  ? Rest extends `${string}/${infer Tail}`
    ? `${Head}/*${PatternFor<`/${Tail}`>}`
    : `${Head}/*`
  : K;

/**
 * Which of the definitions `K` an address or a pattern is about: for an address the most specific one, for a pattern all that count
 * at one of its addresses, and for the text of a definition that one.
 */
export type KeyAt<K extends string, A extends string> = A extends K
  ? A
  : Narrowest<Meeting<Near<K, A>, Segments<A>>, Segments<A>>;

/**
 * The definitions worth a closer look, so that segments are not compared with each of hundreds: one address has its text in common
 * with them, anything else its first segment.
 */
type Near<K extends string, A extends string> =
  IsOneAddress<A> extends true
    ? K extends string
      ? A extends Template<K>
        ? K
        : never
      : never
    : A extends `/${infer First}/${string}`
      ? Extract<K, `/${Wild<First>}` | `/${Wild<First>}/${string}` | `/:${string}`>
      : K;

/** A text that is known to the last letter and has no wildcard: an object has to have such a key, not so an index. */
type IsOneAddress<A extends string> = A extends `${string}*${string}`
  ? false
  : { readonly ''?: never } extends Record<A, 1>
    ? false
    : true;

type Meeting<K extends string, P> = K extends string ? (Meets<P, Segments<K>> extends true ? K : never) : never;

type Segments<A extends string> = A extends `/${infer Rest}` ? Split<Rest> : never;
type Split<Rest extends string> = Rest extends `${infer Head}/${infer Tail}` ? [Head, ...Split<Tail>] : [Rest];

/** Whether an address fits both a pattern and a definition. */
type Meets<P, K> = P extends [infer First extends string, ...infer Others]
  ? First extends '**'
    ? Meets<Others, K> extends true
      ? true
      : K extends [unknown, ...infer Later]
        ? Meets<P, Later>
        : false
    : K extends [infer Wanted extends string, ...infer Later]
      ? SegmentMeets<First, Wanted> extends true
        ? Meets<Others, Later>
        : false
      : false
  : K extends []
    ? true
    : false;

type SegmentMeets<P extends string, K extends string> = K extends `:${string}` | Wild<P> ? true : false;

/** The texts a segment of a pattern stands for. */
type Wild<P extends string> = P extends `${infer Head}*${infer Tail}` ? `${Head}${string}${Wild<Tail>}` : P;

/** Without those that never count, because a more specific one takes all that the pattern stands for. */
type Narrowest<K extends string, P, All extends string = K> = K extends string
  ? true extends IsOutdone<Segments<K>, Exclude<All, K>, P>
    ? never
    : K
  : never;
type IsOutdone<K, Others extends string, P> = Others extends string
  ? Covers<K, Segments<Others>> extends true
    ? Covers<Segments<Others>, P>
    : false
  : never;

/** Whether a definition stands for all that another, or a pattern, stands for. */
type Covers<K, Other> = K extends [infer First extends string, ...infer Rest]
  ? Other extends ['**', ...unknown[]]
    ? false
    : Other extends [infer OtherFirst extends string, ...infer OtherRest]
      ? SegmentCovers<First, OtherFirst> extends true
        ? Covers<Rest, OtherRest>
        : false
      : false
  : Other extends []
    ? true
    : false;

type SegmentCovers<K extends string, Other extends string> = K extends `:${string}`
  ? true
  : Other extends K
    ? true
    : false;
