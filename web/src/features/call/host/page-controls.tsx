import { useEffect, useRef } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { pageOf } from "../control/film-bar.tsx";
import type { Control, Film } from "../control/model.ts";

/** Arrows, and what presenters' clickers send. */
const KEYS: Readonly<Record<string, number>> = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 };
const OWN_KEYS =
  "input, textarea, select, dialog, [contenteditable], [role=menu], [role=tablist], [role=radiogroup]";

/** What hosts do with pages; everybody sees the same one. */
export function PageControls({ film, control }: { film: Film; control: Control }) {
  const m = c().film;
  const page = pageOf(film);
  // Whoever presses twice before the server has answered wants to be two pages further.
  const asked = useRef<number | null>(null);
  useEffect(() => {
    asked.current = null;
  }, [film.position_s, film.content]);
  const turn = (by: number) => {
    const from = asked.current ?? page;
    const to = Math.min(film.pages, Math.max(1, from + by));
    if (to === from) return;
    asked.current = to;
    void control.send({ type: "film_seek", position_s: to - 1 }).then((done) => {
      if (!done) asked.current = null;
    });
  };
  const turns = useRef(turn);
  turns.current = turn;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const by = KEYS[event.key];
      const modified = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
      if (by === undefined || modified || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest(OWN_KEYS)) return;
      event.preventDefault();
      turns.current(by);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <div class="film__controls film__controls--pages">
      {film.pages > 1 && (
        <>
          <button
            type="button"
            class="button film__turn film__turn--back"
            aria-disabled={page === 1}
            data-testid="page-before"
            onClick={() => turn(-1)}
          >
            <Icon name="chevron" size={20} />
            {m.before}
          </button>
          <button
            type="button"
            class="button film__turn"
            aria-disabled={page === film.pages}
            data-testid="page-next"
            onClick={() => turn(1)}
          >
            {m.next}
            <Icon name="chevron" size={20} />
          </button>
        </>
      )}
      <button
        type="button"
        class="icon-button film__end"
        data-testid="film-stop"
        aria-label={m.stop}
        title={m.stop}
        onClick={() => void control.send({ type: "film_stop" })}
      >
        <Icon name="stop" />
      </button>
    </div>
  );
}
