import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside } from "../control/model.ts";
import { Toggle } from "./toggle.tsx";

const MAX_GROUPS = 8;

/** People dealt out one by one, so that no group is more than one larger than another. */
export function dealt(people: readonly string[], groups: number): string[][] {
  return Array.from({ length: groups }, (_, index) => people.filter((_one, n) => n % groups === index));
}

function OpenGroups({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().groups;
  const people = snapshot.people.filter((one) => one.power === "member").map((one) => one.person);
  const most = Math.min(MAX_GROUPS, people.length);
  const [wanted, setWanted] = useState(2);
  const count = Math.min(wanted, most);
  if (most < 2) return <p class="person__note">{m.nobody}</p>;
  const open = () =>
    control.send({
      type: "open_groups",
      groups: dealt(people, count).map((identities, index) => ({ name: m.name(index + 1), identities })),
    });
  return (
    <>
      <fieldset class="choices">
        <legend class="field__label">{m.count}</legend>
        {Array.from({ length: most - 1 }, (_, index) => index + 2).map((choice) => (
          <label key={choice} class="choice">
            <input type="radio" name="groups" checked={count === choice} onChange={() => setWanted(choice)} />
            <span>{choice}</span>
          </label>
        ))}
      </fieldset>
      <p class="person__note">{m.explain(people.length)}</p>
      <button type="button" class="button button--wide" data-testid="open-groups" onClick={() => void open()}>
        <Icon name="groups" size={20} /> {m.open}
      </button>
    </>
  );
}

function RunningGroups({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().groups;
  const { you } = snapshot;
  const places = [{ id: null, name: m.main, people: null }, ...snapshot.groups];
  return (
    <>
      <ul class="host-list">
        {places.map((place) => (
          <li key={place.id ?? "main"} class="person" data-testid="group-row">
            <span class="person__words">
              <span class="person__name">{place.name}</span>
              {place.people && <span class="person__note">{m.people(place.people.length)}</span>}
            </span>
            {you.group === place.id ? (
              <span class="person__note">{m.here}</span>
            ) : (
              <button
                type="button"
                class="button"
                aria-label={m.visit(place.name)}
                onClick={() => void control.send({ type: "visit", group: place.id })}
              >
                {m.visitShort}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Toggle
        testId="announce"
        label={m.announce}
        on={you.announcing}
        onChange={(on) => control.send({ type: "announce", on })}
      />
      <button
        type="button"
        class="button button--wide"
        data-testid="close-groups"
        onClick={() => void control.send({ type: "close_groups" })}
      >
        {m.close}
      </button>
    </>
  );
}

/** Breakout groups: made by dealing out who is here, changed by moving single persons. */
export function GroupsTool(props: { control: Control; snapshot: Inside }) {
  const open = props.snapshot.groups.length > 0;
  return (
    <section class="host-section" aria-label={c().tools.groups}>
      <h3>{open ? c().tools.groups : c().groups.create}</h3>
      {open ? <RunningGroups {...props} /> : <OpenGroups {...props} />}
    </section>
  );
}
