/**
 * Addresses, definitions and patterns as types. Each type mirrors the behavior of `PatternTree` at run time. This
 * module has no run-time code.
 */

/** The addresses of a definition: `/lights/:n/dim` gives `/lights/${string}/dim`. */
export type Template<K extends string> = K extends `${infer Head}/:${infer Rest}`
  ? Rest extends `${string}/${infer Tail}`
    ? `${Head}/${string}${Template<`/${Tail}`>}`
    : `${Head}/${string}`
  : K;

/** The announced address of a definition, with `*` for `:name`. */
export type PatternFor<K extends string> = K extends `${infer Head}/:${infer Rest}`
  ? Rest extends `${string}/${infer Tail}`
    ? `${Head}/*${PatternFor<`/${Tail}`>}`
    : `${Head}/*`
  : K;

/**
 * The definitions of `K` that apply to an address or pattern. For an address, the most specific one. For a pattern, all
 * that apply to one of its addresses. For the text of a definition, that one.
 */
export type KeyAt<K extends string, A extends string> = A extends K
  ? A
  : Narrowest<Meeting<Near<K, A>, Segments<A>>, Segments<A>>;

/**
 * The candidate definitions, so that segments are not compared with hundreds of them. One address has a matching
 * template; a pattern has the same first segment.
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

/** A literal string without wildcards: such a key is required in an object type, unlike an index. */
type IsOneAddress<A extends string> = A extends `${string}*${string}`
  ? false
  : { readonly ''?: never } extends Record<A, 1>
    ? false
    : true;

type Meeting<K extends string, P> = K extends string ? (Meets<P, Segments<K>> extends true ? K : never) : never;

type Segments<A extends string> = A extends `/${infer Rest}` ? Split<Rest> : never;
type Split<Rest extends string> = Rest extends `${infer Head}/${infer Tail}` ? [Head, ...Split<Tail>] : [Rest];

/** Whether an address can fit both a pattern and a definition. */
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

/** The strings that a segment of a pattern matches. */
type Wild<P extends string> = P extends `${infer Head}*${infer Tail}` ? `${Head}${string}${Wild<Tail>}` : P;

/** Removes definitions that never apply, because a more specific one covers all addresses of the pattern. */
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

/** Whether a definition covers all addresses of another definition or pattern. */
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
