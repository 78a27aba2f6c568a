import { computed, effect, signal } from "@preact/signals";
import { readStored, writeStored } from "../platform/storage.ts";
import type { Catalogue, Language } from "./catalogue.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type { Catalogue, Language } from "./catalogue.ts";

export const catalogues: Readonly<Record<Language, Catalogue>> = { ru, en };

/** Languages whose speakers usually read Russian more easily than English. */
const RUSSIAN_FIRST = new Set(["ru", "be", "kk", "ky", "tt", "uk", "uz", "tg", "ba", "cv"]);

/** Picks the first of the browser's languages that we speak; English for all others. */
export function chooseLanguage(stored: string | null, preferred: readonly string[]): Language {
  if (stored === "ru" || stored === "en") return stored;
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0] ?? "";
    if (primary === "en") return "en";
    if (RUSSIAN_FIRST.has(primary)) return "ru";
  }
  return "en";
}

export const language = signal<Language>(chooseLanguage(readStored("language"), navigator.languages));

const messages = computed(() => catalogues[language.value]);

/** The catalogue of the current language. Read inside a component it re-renders on a switch. */
export function t(): Catalogue {
  return messages.value;
}

export function setLanguage(next: Language): void {
  language.value = next;
  writeStored("language", next);
}

effect(() => {
  document.documentElement.lang = language.value;
});

export { formatStart } from "./format.ts";
