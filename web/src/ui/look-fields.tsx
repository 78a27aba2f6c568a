import { useId } from "preact/hooks";
import { type Language, language, setLanguage, t } from "../i18n/index.ts";
import {
  type ContrastChoice,
  contrastChoice,
  setContrast,
  setTheme,
  type ThemeChoice,
  themeChoice,
} from "../platform/theme.ts";
import { Select } from "./form.tsx";

/** Language and look. `onLanguage` keeps the language with the account, too. */
export function LookFields({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const id = useId();
  const m = t();
  return (
    <div class="form__pair">
      <div class="field">
        <label class="field__label" for={`${id}-language`}>
          {m.devices.languageLabel}
        </label>
        <Select
          id={`${id}-language`}
          testId="account-language"
          value={language.value}
          options={[
            ["ru", "Русский"],
            ["en", "English"],
          ]}
          onChoose={(chosen) => {
            setLanguage(chosen as Language);
            onLanguage(chosen as Language);
          }}
        />
      </div>
      <div class="field">
        <label class="field__label" for={`${id}-theme`}>
          {m.devices.theme}
        </label>
        <Select
          id={`${id}-theme`}
          testId="account-theme"
          value={themeChoice.value}
          options={[
            ["system", m.devices.themeSystem],
            ["light", m.devices.themeLight],
            ["dark", m.devices.themeDark],
          ]}
          onChoose={(chosen) => setTheme(chosen as ThemeChoice)}
        />
      </div>
      <div class="field">
        <label class="field__label" for={`${id}-contrast`}>
          {m.devices.contrast}
        </label>
        <Select
          id={`${id}-contrast`}
          testId="account-contrast"
          value={contrastChoice.value}
          options={[
            ["system", m.devices.themeSystem],
            ["more", m.devices.contrastMore],
          ]}
          onChoose={(chosen) => setContrast(chosen as ContrastChoice)}
        />
      </div>
    </div>
  );
}
