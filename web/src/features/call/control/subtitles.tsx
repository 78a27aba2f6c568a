import { useEffect, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { language as pageLanguage } from "../../../i18n/index.ts";
import { chooseSubtitles, subtitlesLanguage } from "../../../platform/subtitles.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Cue, Film } from "./model.ts";
import { filmPosition } from "./state.ts";
import "./subtitles.css";

const RETRY_MS = 5000;
/** Looked at again at least so often: the server may correct the clock meanwhile. */
const LONGEST_WAIT_MS = 1000;

/** Which of a film's languages is shown to who wants `wanted`. Any text is better than none to who cannot hear. */
export function shownLanguage(film: Film, wanted: string | null): string | null {
  if (wanted === null) return null;
  return film.subtitles.includes(wanted) ? wanted : (film.subtitles[0] ?? null);
}

/** What is read at a moment of the film, and when this changes next; milliseconds. */
export function cuesAt(cues: readonly Cue[], at: number): { readonly text: string; readonly until: number } {
  const now = cues.filter((cue) => cue.start <= at && at < cue.end);
  const changes = [...now.map((cue) => cue.end), cues.find((cue) => cue.start > at)?.start ?? Infinity];
  return { text: now.map((cue) => cue.text).join("\n"), until: Math.min(...changes) };
}

/** Asked for once, and again if that fails. */
function useCues(film: Film, control: Control, language: string): readonly Cue[] {
  const [cues, setCues] = useState<readonly Cue[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted = true;
    const ask = async () => {
      const found = await control.subtitles(language);
      if (!wanted) return;
      if (found) setCues(found);
      else timer = setTimeout(() => void ask(), RETRY_MS);
    };
    setCues([]);
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [film.identity, language]);
  return cues;
}

/** In step with where the server says that the film is. */
function useText(film: Film, control: Control, cues: readonly Cue[]): string {
  const [text, setText] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const at = 1000 * filmPosition(film, Date.now(), control.clockOffsetMs.peek());
      const shown = cuesAt(cues, at);
      setText(shown.text);
      if (film.moving) timer = setTimeout(look, Math.min(LONGEST_WAIT_MS, Math.max(1, shown.until - at)));
    };
    look();
    return () => clearTimeout(timer);
  }, [cues, film.position_s, film.at, film.moving]);
  return text;
}

function Cues({ film, control, language }: { film: Film; control: Control; language: string }) {
  const text = useText(film, control, useCues(film, control, language));
  if (!text) return null;
  return (
    <p class="subtitles" lang={language} dir="auto" data-testid="subtitles">
      <span class="subtitles__text">{text}</span>
    </p>
  );
}

/** Over the picture of a film, for who has switched them on. Not spoken by screen readers: the film itself speaks. */
export function Subtitles({ film, control }: { film: Film; control: Control }) {
  const language = shownLanguage(film, subtitlesLanguage.value);
  return language && <Cues film={film} control={control} language={language} />;
}

function nameOf(language: string): string {
  const name = new Intl.DisplayNames([pageLanguage.value], { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

/** Every viewer chooses; nothing where a film has none. */
export function SubtitlesChoice({ film }: { film: Film }) {
  const m = c().film;
  if (film.subtitles.length === 0) return null;
  return (
    <label class="subtitles-choice" title={m.subtitles}>
      <Icon name="subtitles" size={20} />
      <select
        aria-label={m.subtitles}
        data-testid="subtitles-choice"
        value={shownLanguage(film, subtitlesLanguage.value) ?? ""}
        onChange={(event) => chooseSubtitles(event.currentTarget.value || null)}
      >
        <option value="">{m.subtitlesOff}</option>
        {film.subtitles.map((language) => (
          <option key={language} value={language}>
            {nameOf(language)}
          </option>
        ))}
      </select>
    </label>
  );
}
