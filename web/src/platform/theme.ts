import { computed, effect, signal } from "@preact/signals";
import { readStored, writeStored } from "./storage.ts";

export type ThemeChoice = "system" | "light" | "dark";

export function parseThemeChoice(stored: string | null): ThemeChoice {
  return stored === "light" || stored === "dark" ? stored : "system";
}

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(prefersDark.matches);
prefersDark.addEventListener("change", (event) => {
  systemIsDark.value = event.matches;
});

export const themeChoice = signal<ThemeChoice>(parseThemeChoice(readStored("theme")));

/** The look in force now, after the system's wish is taken into account. */
export const isDark = computed(() =>
  themeChoice.value === "system" ? systemIsDark.value : themeChoice.value === "dark",
);

export function setTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  writeStored("theme", choice === "system" ? null : choice);
}

export type ContrastChoice = "system" | "more";

const prefersContrast = window.matchMedia("(prefers-contrast: more)");
const systemWantsContrast = signal(prefersContrast.matches);
prefersContrast.addEventListener("change", (event) => {
  systemWantsContrast.value = event.matches;
});

export const contrastChoice = signal<ContrastChoice>(readStored("contrast") === "more" ? "more" : "system");

/** Whether colours are as far apart as they go. */
export const hasMoreContrast = computed(() => contrastChoice.value === "more" || systemWantsContrast.value);

export function setContrast(choice: ContrastChoice): void {
  contrastChoice.value = choice;
  writeStored("contrast", choice === "system" ? null : choice);
}

effect(() => {
  const root = document.documentElement;
  if (hasMoreContrast.value) root.dataset["contrast"] = "more";
  else root.removeAttribute("data-contrast");
});

effect(() => {
  const root = document.documentElement;
  if (themeChoice.value === "system") root.removeAttribute("data-theme");
  else root.dataset["theme"] = themeChoice.value;
  paintBrowserBar(isDark.value);
});

/** The bar of a phone's browser takes the page's ground; index.html holds one colour for each look. */
function paintBrowserBar(dark: boolean): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    const wanted = meta.dataset["look"] === (dark ? "dark" : "light");
    meta.media = wanted ? "all" : "not all";
  }
}
