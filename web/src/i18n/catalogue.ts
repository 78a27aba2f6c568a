import type { ru } from "./ru.ts";

/** Replaces each literal of the source catalogue by its general type and keeps the keys. */
type Widen<T> = T extends (...args: infer A) => string
  ? (...args: A) => string
  : T extends string
    ? string
    : T extends readonly string[]
      ? readonly string[]
      : { readonly [K in keyof T]: Widen<T[K]> };

/** What every language must provide; a missing or superfluous key fails `tsc`. */
export type Catalogue = Widen<typeof ru>;

export type Language = "ru" | "en";
