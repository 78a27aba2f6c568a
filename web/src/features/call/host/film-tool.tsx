import { useEffect, useState } from "preact/hooks";
import { c, explainRefusal } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { VerifiedSign } from "../control/film-bar.tsx";
import type { Control, FilmEntry, Inside } from "../control/model.ts";

const TYPING_MS = 250;

type Found = readonly FilmEntry[] | "loading" | "failed";

/** What the server lets this lesson show; asked anew while somebody types. */
function useFilms(control: Control, query: string): Found {
  const [found, setFound] = useState<Found>("loading");
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(
      () => {
        void control.films(query.trim()).then((films) => wanted && setFound(films ?? "failed"));
      },
      query === "" ? 0 : TYPING_MS,
    );
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [query]);
  return found;
}

function Choice({ film, onChoose }: { film: FilmEntry; onChoose: () => void }) {
  const m = c().film;
  return (
    <li>
      <button type="button" class="film-choice" data-testid="film-choice" onClick={onChoose}>
        <Icon name={film.pages > 0 ? "log" : "film"} />
        <span class="film-choice__words">
          <span class="person__name">{film.title}</span>
          <span class="film-choice__notes">
            <span>{film.pages > 0 ? m.pages(film.pages) : m.clock(Math.round(film.duration_s))}</span>
            <span class="film__age">{m.age(film.age_mark)}</span>
            {film.verified && <VerifiedSign />}
          </span>
        </span>
      </button>
    </li>
  );
}

function FilmDialog(props: { control: Control; onShown: () => void; onClose: () => void }) {
  const m = c().film;
  const { control } = props;
  const [query, setQuery] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const films = useFilms(control, query);
  const show = async (film: FilmEntry) => {
    setRefusal(null);
    if (await control.send({ type: "film_play", content: film.content })) props.onShown();
    else setRefusal(control.refused.peek()?.code ?? "");
  };
  const refused = refusal ?? (films === "failed" ? (control.refused.value?.code ?? "") : null);
  return (
    <Dialog title={m.choose} onClose={props.onClose} testId="film-dialog">
      <div class="tool-form">
        <div class="field">
          <label class="field__label" for="film-query">
            {m.search}
          </label>
          <input
            id="film-query"
            class="input"
            type="search"
            data-testid="film-query"
            maxLength={200}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </div>
        {refused !== null && (
          <p class="field__error" role="alert" data-testid="film-refused">
            <Icon name="alert" size={20} />
            {explainRefusal(refused)}
          </p>
        )}
        {typeof films !== "string" && films.length === 0 && (
          <p class="person__note" data-testid="film-none">
            {query.trim() === "" ? m.none : m.noneFound}
          </p>
        )}
        <ul class="film-choices" aria-label={m.choose} aria-busy={films === "loading"}>
          {typeof films !== "string" &&
            films.map((film) => <Choice key={film.content} film={film} onChoose={() => void show(film)} />)}
        </ul>
      </div>
    </Dialog>
  );
}

/** Choosing a film; what is done with it then is beneath the pictures. */
export function FilmTool(props: { control: Control; snapshot: Inside; onShown: () => void }) {
  const m = c().film;
  const [choosing, setChoosing] = useState(false);
  const { film } = props.snapshot;
  return (
    <section class="host-section" aria-label={m.heading}>
      <h3>{m.heading}</h3>
      <button
        type="button"
        class="button button--wide"
        data-testid="film-choose"
        onClick={() => setChoosing(true)}
      >
        <Icon name="film" size={20} /> {film ? m.another : m.show}
      </button>
      {choosing && (
        <FilmDialog
          control={props.control}
          onClose={() => setChoosing(false)}
          onShown={() => {
            setChoosing(false);
            props.onShown();
          }}
        />
      )}
    </section>
  );
}
