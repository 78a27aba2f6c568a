import { c } from "../../../i18n/control/index.ts";
import { Dialog } from "../../../ui/dialog.tsx";
import type { Control, Medium, Person } from "../control/model.ts";
import { Toggle } from "./toggle.tsx";

const MEDIA: readonly Medium[] = ["audio", "video", "screen", "data"];

/** What of a person is paused: each medium on its own, at once. */
export function PauseDialog(props: { control: Control; person: Person; onClose: () => void }) {
  const m = c().pause;
  const { control, person } = props;
  const frozen = person.frozen ?? [];
  const change = (medium: Medium, on: boolean) => {
    const media = MEDIA.filter((one) => (one === medium ? on : frozen.includes(one)));
    return control.send({ type: "freeze", identity: person.person, media });
  };
  return (
    <Dialog title={m.heading(person.name)} onClose={props.onClose} testId="pause-dialog">
      <p>{m.text}</p>
      <div>
        {MEDIA.map((medium) => (
          <Toggle
            key={medium}
            testId={`pause-${medium}`}
            label={m.media[medium]}
            on={frozen.includes(medium)}
            onChange={(on) => change(medium, on)}
          />
        ))}
      </div>
    </Dialog>
  );
}
