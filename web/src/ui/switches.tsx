import { language, setLanguage, t } from "../i18n/index.ts";
import { contrastChoice, isDark, setContrast, setTheme } from "../platform/theme.ts";
import { Icon } from "./icon.tsx";

/** Switches to the other language. Its name is in that language, for the reader who needs it. */
export function LanguageSwitch() {
  const m = t();
  const other = language.value === "ru" ? "en" : "ru";
  return (
    <button
      type="button"
      class="icon-button"
      data-testid="language-switch"
      lang={other}
      aria-label={`${m.language.switchShort}: ${m.language.switchLabel}`}
      title={m.language.switchLabel}
      onClick={() => setLanguage(other)}
    >
      {m.language.switchShort}
    </button>
  );
}

export function ThemeSwitch() {
  const m = t();
  const dark = isDark.value;
  const label = dark ? m.theme.toLight : m.theme.toDark;
  return (
    <button
      type="button"
      class="icon-button"
      data-testid="theme-switch"
      aria-label={label}
      title={label}
      onClick={() => setTheme(dark ? "light" : "dark")}
    >
      <Icon name={dark ? "sun" : "moon"} />
    </button>
  );
}

export function ContrastSwitch() {
  const m = t().devices;
  const more = contrastChoice.value === "more";
  const label = `${m.contrast}: ${m.contrastMore}`;
  return (
    <button
      type="button"
      class="icon-button"
      data-testid="contrast-switch"
      aria-label={label}
      aria-pressed={more}
      title={label}
      onClick={() => setContrast(more ? "system" : "more")}
    >
      <Icon name="contrast" />
    </button>
  );
}
