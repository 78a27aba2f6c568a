import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon, type IconName } from "../../../ui/icon.tsx";
import { useFilmPosition } from "../control/film-bar.tsx";
import type { Control, Film } from "../control/model.ts";
import { PageControls } from "./page-controls.tsx";

function Press(props: { icon: IconName; label: string; testId: string; onPress: () => unknown }) {
  return (
    <button
      type="button"
      class="icon-button"
      data-testid={props.testId}
      aria-label={props.label}
      title={props.label}
      onClick={() => void props.onPress()}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** The slider follows the film, but for the moment in which somebody holds it. */
function Position({ film, control }: { film: Film; control: Control }) {
  const m = c().film;
  const position = useFilmPosition(film, control);
  const [held, setHeld] = useState<number | null>(null);
  const value = held ?? position;
  return (
    <input
      type="range"
      class="film__position"
      data-testid="film-position"
      aria-label={m.position}
      aria-valuetext={m.clock(Math.floor(value))}
      min={0}
      max={Math.max(1, Math.floor(film.duration_s))}
      step={1}
      value={Math.floor(value)}
      onInput={(event) => setHeld(Number(event.currentTarget.value))}
      onChange={(event) => {
        const position_s = Number(event.currentTarget.value);
        void control.send({ type: "film_seek", position_s }).then(() => setHeld(null));
      }}
    />
  );
}

/** What hosts do with the film; everybody sees the same. */
export function FilmControls({ film, control }: { film: Film; control: Control }) {
  const m = c().film;
  if (film.pages > 0) return <PageControls film={film} control={control} />;
  return (
    <div class="film__controls">
      {film.playing ? (
        <Press
          icon="pause"
          label={m.pause}
          testId="film-pause"
          onPress={() => control.send({ type: "film_pause" })}
        />
      ) : (
        <Press
          icon="play"
          label={film.ended ? m.again : m.play}
          testId="film-play"
          onPress={() => control.send({ type: "film_play" })}
        />
      )}
      <Position film={film} control={control} />
      <label class="film__volume">
        <Icon name="volume" size={20} />
        <input
          type="range"
          data-testid="film-volume"
          aria-label={m.volume}
          title={m.volume}
          min={0}
          max={100}
          step={5}
          value={Math.round(film.volume * 100)}
          onChange={(event) =>
            void control.send({ type: "film_volume", volume: Number(event.currentTarget.value) / 100 })
          }
        />
      </label>
      <Press
        icon="stop"
        label={m.stop}
        testId="film-stop"
        onPress={() => control.send({ type: "film_stop" })}
      />
    </div>
  );
}
