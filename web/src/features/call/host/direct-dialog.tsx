import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import { type Control, type Inside, isLeading, type Person } from "../control/model.ts";
import { Toggle } from "./toggle.tsx";

/** Whom the media of a person reach now, among those who are here. Pure. */
export function audienceOf(person: Person, snapshot: Inside): readonly string[] {
  const others = snapshot.people.filter((one) => one.person !== person.person);
  const directed = person.directed ?? "default";
  if (typeof directed !== "string") return directed;
  const reach = directed === "default" ? snapshot.reach : directed;
  const everyone = reach === "everyone" || isLeading(person.power);
  return others.filter((one) => everyone || isLeading(one.power)).map((one) => one.person);
}

/** Who sees and hears a person: some of those who are here. */
export function DirectDialog(props: {
  control: Control;
  snapshot: Inside;
  person: Person;
  onClose: () => void;
}) {
  const m = c().direct;
  const { person, snapshot } = props;
  const [chosen, setChosen] = useState(() => new Set(audienceOf(person, snapshot)));
  const others = snapshot.people.filter((one) => one.person !== person.person);
  const change = (key: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(key);
    else next.delete(key);
    setChosen(next);
  };
  const save = async () => {
    const to = others.map((one) => one.person).filter((key) => chosen.has(key));
    if (await props.control.send({ type: "direct", identity: person.person, to })) props.onClose();
  };
  return (
    <Dialog title={m.heading(person.name)} onClose={props.onClose} testId="direct-dialog">
      <p>{m.text}</p>
      <div>
        {others.map((one) => (
          <Toggle
            key={one.person}
            testId="direct-to"
            label={one.name}
            on={chosen.has(one.person)}
            onChange={(on) => change(one.person, on)}
          />
        ))}
      </div>
      <button
        type="button"
        class="button button--primary button--wide"
        data-testid="direct-save"
        onClick={() => void save()}
      >
        {m.save}
      </button>
    </Dialog>
  );
}
