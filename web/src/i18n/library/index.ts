import { computed } from "@preact/signals";
import type { Language } from "../catalogue.ts";
import { language } from "../index.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type LibraryCatalogue = typeof ru;

export const libraryCatalogues: Readonly<Record<Language, LibraryCatalogue>> = { ru, en };

const words = computed(() => libraryCatalogues[language.value]);

/** The words of the library's pages in the current language. Nobody else loads them. */
export function l(): LibraryCatalogue {
  return words.value;
}
