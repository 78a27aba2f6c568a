import { computed } from "@preact/signals";
import type { Language } from "../catalogue.ts";
import { language } from "../index.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type WatchCatalogue = typeof ru;

export const watchCatalogues: Readonly<Record<Language, WatchCatalogue>> = { ru, en };

const words = computed(() => watchCatalogues[language.value]);

/** The words of the page that plays a broadcast by HLS, in the current language. */
export function w(): WatchCatalogue {
  return words.value;
}
