import { signal } from "@preact/signals";
import { readStored, writeStored } from "./storage.ts";

const KEY = "subtitles";

/** The language in which this device shows what films say; null: it does not. */
export const subtitlesLanguage = signal<string | null>(readStored(KEY));

export function chooseSubtitles(language: string | null): void {
  subtitlesLanguage.value = language;
  writeStored(KEY, language);
}
