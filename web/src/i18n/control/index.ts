import { computed } from "@preact/signals";
import type { Language } from "../catalogue.ts";
import { language } from "../index.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type ControlCatalogue = typeof ru;

export const controlCatalogues: Readonly<Record<Language, ControlCatalogue>> = { ru, en };

const words = computed(() => controlCatalogues[language.value]);

/** The words of a call that somebody leads, in the current language. */
export function c(): ControlCatalogue {
  return words.value;
}

/** Why the server did not do something. */
export function explainRefusal(code: string): string {
  return c().refused[code] ?? c().refusedUnknown;
}
