/** The types of TypeScript that belong to a signature written in Go: `func(int, ...any) string`. */
import type { BoolValue, MapValue, SliceValue, StructValue, Value } from "./model.ts";

/** The argument that a body gets for a Go type. An `int` beyond 2^53 is rounded: bodies use it for counts only. */
export type Argument<T extends string> = T extends "string"
  ? string
  : T extends "bool"
    ? boolean
    : T extends "int"
      ? number
      : T extends "int64" | "uint32" | "uint64" | "uint8"
        ? bigint
        : T extends "float64"
          ? number
          : T extends `map[${string}`
            ? MapValue
            : T extends `[]${string}`
              ? SliceValue
              : T extends "time.Time" | "sprig.certificate"
                ? StructValue
                : Value;

/** What a body may give back for a Go type; a ready value is always right, whatever its type. */
export type Outcome<T extends string> =
  | Value
  | (T extends "string"
      ? string
      : T extends "bool"
        ? boolean | BoolValue
        : T extends "int" | "int64" | "uint32" | "uint64" | "uint8"
          ? bigint | number
          : T extends "float64"
            ? number
            : T extends "[]string"
              ? readonly string[]
              : T extends "[]any"
                ? Value[]
                : never);

type Split<S extends string> = S extends ""
  ? []
  : S extends `${infer First}, ${infer Rest}`
    ? [First, ...Split<Rest>]
    : [S];

type Arguments<P extends readonly string[]> = P extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? First extends `...${infer Each}`
    ? Argument<Each>[]
    : [Argument<First>, ...Arguments<Rest>]
  : [];

type FirstOf<R extends string> = R extends `(${infer First}, error)` ? First : R;

/** The body's arguments for a signature. */
export type ArgumentsOf<S extends string> = S extends `func(${infer P}) ${string}`
  ? Arguments<Split<P>>
  : never;

/** The body's result for a signature; a trailing `error` is thrown as a `GoError` instead. */
export type OutcomeOf<S extends string> = S extends `func(${string}) ${infer R}`
  ? Outcome<FirstOf<R>>
  : never;
