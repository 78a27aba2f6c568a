import { computed } from "@preact/signals";
import { ApiError } from "../../api/http.ts";
import type { Language } from "../catalogue.ts";
import { language } from "../index.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type SchoolCatalogue = typeof ru;

export const schoolCatalogues: Readonly<Record<Language, SchoolCatalogue>> = { ru, en };

const words = computed(() => schoolCatalogues[language.value]);

/** The school's words in the current language. */
export function s(): SchoolCatalogue {
  return words.value;
}

/** What went wrong, in words that say what to do. A programming error is not hidden. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  return s().problems[error.code] ?? s().problemUnknown(error.code);
}

/** Moments of the server, in the viewer's own zone. */
export function formatDay(iso: string): string {
  const moment = new Date(iso);
  const thisYear = moment.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(language.value === "en" ? "en-GB" : "ru", {
    day: "numeric",
    month: "long",
    ...(thisYear ? {} : { year: "numeric" }),
  }).format(moment);
}

export function formatTime(iso: string): string {
  return new Intl.DateTimeFormat(language.value === "en" ? "en-GB" : "ru", {
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(iso));
}
