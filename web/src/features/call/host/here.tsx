import { useEffect, useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Badge, badgeWords } from "../control/badge.tsx";
import type { Control, Inside, PeoplePage, Person } from "../control/model.ts";
import type { Call, ParticipantView } from "../model.ts";
import { avatarColour, initials } from "../tiles.ts";
import { PersonActions } from "./person-actions.tsx";

const ORDER: readonly Person["power"][] = ["host", "cohost", "member", "viewer"];

/** Who leads comes first; else as they came. */
const byPower = (a: Person, b: Person) => ORDER.indexOf(a.power) - ORDER.indexOf(b.power);

/** Rows at once: an audience has thousands. */
export const ROWS = 50;
const TYPING_MS = 250;

/** What is said beneath a name; what goes without saying is left out. */
function notes(person: Person, snapshot: Inside): string[] {
  const m = c();
  const group = snapshot.groups.find((one) => one.id === person.group);
  return [
    person.power === "cohost" || person.power === "host" ? m.powers[person.power] : "",
    person.power === "viewer" ? m.powers.viewer : "",
    person.frozen?.length ? m.people.paused : "",
    person.asked?.length ? m.people.asked : person.held?.includes("audio") ? m.people.held : "",
    group ? m.people.inGroup(group.name) : "",
  ].filter(Boolean);
}

function Microphone(props: { control: Control; person: Person; on: boolean }) {
  const { control, person, on } = props;
  const m = c().people;
  const label = on ? m.muteOne(person.name) : m.askOne(person.name);
  return (
    <button
      type="button"
      class={`icon-button ${on ? "" : "icon-button--soft"}`}
      data-testid={on ? "mute" : "ask-unmute"}
      aria-label={label}
      title={label}
      onClick={() => void control.send({ type: on ? "mute" : "ask_unmute", identity: person.person })}
    >
      <Icon name={on ? "mic" : "micOff"} size={20} />
    </button>
  );
}

interface RowProps {
  readonly control: Control;
  readonly snapshot: Inside;
  readonly person: Person;
  readonly views: readonly ParticipantView[];
}

function Row({ control, snapshot, person, views }: RowProps) {
  const me = person.person === snapshot.you.person;
  const on = views.some((view) => view.microphoneOn);
  const acts = !me && person.power !== "host" && person.power !== "viewer";
  return (
    <li class="person" data-testid="person-row" data-person={person.person}>
      <span class={`people__avatar avatar--${avatarColour(person.identities[0] ?? "")}`} aria-hidden="true">
        {initials(person.name)}
      </span>
      <span class="person__words">
        <span class="person__name">
          {person.name}
          {me && <span class="people__you"> ({t().common.you})</span>} <Badge badge={person.badge} />
          {person.badge && <span class="visually-hidden">, {badgeWords(person.badge)}</span>}
        </span>
        <span class="person__note">{notes(person, snapshot).join(", ")}</span>
      </span>
      {person.hand && <Icon name="hand" size={20} />}
      {acts && <Microphone control={control} person={person} on={on} />}
      <PersonActions control={control} snapshot={snapshot} person={person} views={views} />
    </li>
  );
}

/** What the server has found under a name, page by page; null: nothing is searched for, or no answer has come yet. */
function useFound(control: Control, query: string): [PeoplePage | null, () => void] {
  const [found, setFound] = useState<PeoplePage | null>(null);
  useEffect(() => {
    setFound(null);
    if (query === "") return;
    let wanted = true;
    const timer = setTimeout(() => {
      void control.people(query, 0).then((page) => wanted && setFound(page));
    }, TYPING_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [query]);
  const more = () => {
    const first = found?.people.length ?? 0;
    void control.people(query, first).then((page) =>
      setFound((before) =>
        // What was typed meanwhile has another list.
        before === found && before && page
          ? { people: [...before.people, ...page.people], total: page.total }
          : before,
      ),
    );
  };
  return [found, more];
}

/** For who leads: who is here. A crowd is searched by name, and shown in parts. */
export function Here({ call, snapshot }: { call: Call; snapshot: Inside }) {
  const { control } = call;
  const m = c().people;
  const { people, people_total } = snapshot;
  const [typed, setTyped] = useState("");
  const [rows, setRows] = useState(ROWS);
  const query = typed.trim();
  const [found, moreFound] = useFound(control, query);
  const views = new Map(call.participants.value.map((view) => [view.identity, view]));
  const live = new Map(people.map((person) => [person.person, person]));
  const shown = query
    ? (found?.people ?? []).map((person) => live.get(person.person) ?? person)
    : [...people].sort(byPower).slice(0, rows);
  const total = query ? (found?.total ?? 0) : people_total;
  const possible = query ? total : people.length;
  const crowd = people_total > ROWS;
  return (
    <section class="host-section" aria-label={m.inCall}>
      <h3>{m.inCall}</h3>
      {crowd && (
        <label class="field">
          <span class="field__label">{m.find}</span>
          <input
            class="input"
            type="search"
            data-testid="find-person"
            maxLength={100}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <ul class="host-list" aria-busy={query !== "" && found === null}>
        {shown.map((person) => (
          <Row
            key={person.person}
            control={control}
            snapshot={snapshot}
            person={person}
            views={person.identities.flatMap((identity) => views.get(identity) ?? [])}
          />
        ))}
      </ul>
      {crowd && (
        <p class="person__note" role="status" data-testid="people-shown">
          {query && found?.total === 0 ? m.nobody : total > shown.length ? m.shown(shown.length, total) : ""}
        </p>
      )}
      {possible > shown.length && (
        <button
          type="button"
          class="button button--quiet button--wide"
          data-testid="more-people"
          onClick={query ? moreFound : () => setRows(rows + ROWS)}
        >
          {m.more}
        </button>
      )}
    </section>
  );
}
