import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { lazy } from "../../../ui/lazy.tsx";
import type { Control, Film } from "./model.ts";
import { filmPosition } from "./state.ts";
import { SubtitlesChoice } from "./subtitles.tsx";
import "./film.css";

const nothing = () => null;
/** Few open it, nobody waits for it. */
const SealDialog = lazy(() => import("../../seal/seal-dialog.tsx").then((module) => module.SealDialog), {
  loading: nothing,
  failed: nothing,
});

/** Where the film is, seconds, counted on by the server's clock while it moves. */
export function useFilmPosition(film: Film, control: Control): number {
  const where = () => filmPosition(film, Date.now(), control.clockOffsetMs.peek());
  const [position, setPosition] = useState(where);
  useEffect(() => {
    setPosition(where());
    if (!film.moving) return;
    const timer = setInterval(() => setPosition(where()), 250);
    return () => clearInterval(timer);
  }, [film.position_s, film.at, film.moving, film.content]);
  return position;
}

/** The page that stands, counted from 1. */
export function pageOf({ pages, position_s }: Film): number {
  return Math.min(pages, Math.floor(position_s) + 1);
}

/** Only ever drawn because the server says so. */
export function VerifiedSign() {
  const { verified, verifiedTitle } = c().film;
  return (
    <span class="film__seal" data-testid="film-verified" title={verifiedTitle}>
      <Icon name="check" size={16} />
      {verified}
    </span>
  );
}

/** The same, and whoever watches can check it. */
function SealButton({ film }: { film: Film }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="film__check"
        aria-label={c().film.checkSeal}
        data-testid="film-check-seal"
        onClick={() => setOpen(true)}
      >
        <VerifiedSign />
      </button>
      {open && <SealDialog content={film.content} title={film.title} onClose={() => setOpen(false)} />}
    </>
  );
}

/** What everybody sees of the film: its title and seal, and where it is. `children`: what hosts do with it. */
export function FilmBar(props: { film: Film; control: Control; children?: ComponentChildren }) {
  const { film, control, children } = props;
  const m = c().film;
  const position = useFilmPosition(film, control);
  const share = film.duration_s > 0 ? Math.min(1, position / film.duration_s) : 0;
  const isPages = film.pages > 0;
  const standing = film.reasons.length > 0 ? m.held : isPages ? null : m.paused;
  const state = film.ended ? m.ended : film.moving ? null : standing;
  return (
    <section
      class="film"
      aria-label={(isPages ? m.ofPages : m.of)(film.title)}
      data-testid="film"
      data-moving={String(film.moving)}
    >
      <div class="film__head">
        <span class="film__title">{film.title}</span>
        <span class="film__age">{m.age(film.age_mark)}</span>
        {film.verified && <SealButton film={film} />}
        <SubtitlesChoice film={film} />
        <span class="film__time">
          {state && <span class="film__state">{state}</span>}
          {isPages ? (
            <span role="status" data-testid="page-place">
              {m.page(pageOf(film), film.pages)}
            </span>
          ) : (
            `${m.clock(Math.floor(position))} / ${m.clock(Math.round(film.duration_s))}`
          )}
        </span>
      </div>
      {children ||
        (!isPages && (
          <div
            class="film__track"
            role="progressbar"
            aria-label={m.position}
            aria-valuemin={0}
            aria-valuemax={Math.round(film.duration_s)}
            aria-valuenow={Math.floor(position)}
            aria-valuetext={m.clock(Math.floor(position))}
          >
            <span class="film__done" style={{ width: `${share * 100}%` }} />
          </div>
        ))}
    </section>
  );
}
