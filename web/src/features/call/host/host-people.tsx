import { c } from "../../../i18n/control/index.ts";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Badge, badgeWords } from "../control/badge.tsx";
import type { Control, Inside, Person } from "../control/model.ts";
import { Panel } from "../control/panel.tsx";
import type { Call, ParticipantView } from "../model.ts";
import { avatarColour, initials } from "../tiles.ts";
import { Blocked } from "./blocked.tsx";
import { Hands } from "./hands.tsx";
import { Lobby } from "./lobby.tsx";
import { PersonActions } from "./person-actions.tsx";
import "./host.css";

const ORDER: readonly Person["power"][] = ["host", "cohost", "member", "viewer"];

/** Who leads comes first; else as they came. */
const byPower = (a: Person, b: Person) => ORDER.indexOf(a.power) - ORDER.indexOf(b.power);

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

/** For who leads: who asks to come in, who wants to speak, who is here. */
export function HostPeople({
  call,
  snapshot,
  onClose,
}: {
  call: Call;
  snapshot: Inside;
  onClose: () => void;
}) {
  const { control } = call;
  const m = c().people;
  const participants = call.participants.value;
  const { people, people_total } = snapshot;
  return (
    <Panel title={t().call.participants} note={people_total} testId="participants-panel" onClose={onClose}>
      <div class="panel__body">
        <Lobby control={control} snapshot={snapshot} />
        <Hands control={control} snapshot={snapshot} />
        <section class="host-section" aria-label={m.inCall}>
          <h3>{m.inCall}</h3>
          <ul class="host-list">
            {[...people].sort(byPower).map((person) => (
              <Row
                key={person.person}
                control={control}
                snapshot={snapshot}
                person={person}
                views={participants.filter((view) => person.identities.includes(view.identity))}
              />
            ))}
          </ul>
          {people_total > people.length && <p class="person__note">{m.shown(people.length, people_total)}</p>}
        </section>
        <Blocked control={control} snapshot={snapshot} />
      </div>
    </Panel>
  );
}
