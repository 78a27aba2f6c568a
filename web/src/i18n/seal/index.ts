import { computed } from "@preact/signals";
import type { Language } from "../catalogue.ts";
import { language } from "../index.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type SealCatalogue = typeof ru;

export const sealCatalogues: Readonly<Record<Language, SealCatalogue>> = { ru, en };

const words = computed(() => sealCatalogues[language.value]);

/** Words of the check of a seal: in the library and in a call. */
export function sealWords(): SealCatalogue {
  return words.value;
}
