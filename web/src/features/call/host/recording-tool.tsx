import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside } from "../control/model.ts";
import { namesOf } from "../control/recording.tsx";
import { Confirm } from "./confirm.tsx";

/** Asking, going on, ending. It begins by itself when the last one has agreed. */
export function RecordingTool({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().recording;
  const [asking, setAsking] = useState(false);
  const { recording } = snapshot;
  const { state, failure } = recording;
  const host = snapshot.you.power === "host";
  if (!recording.allowed || (!host && state === "off")) return null;
  const open = recording.waiting_for > 0 || (recording.refused?.length ?? 0) > 0;
  const refused = namesOf(snapshot, recording.refused);
  const waiting = namesOf(snapshot, recording.waiting);
  return (
    <section class="host-section" aria-label={m.heading}>
      <h3>{m.heading}</h3>
      {state === "off" && (
        <>
          <button
            type="button"
            class="button button--wide"
            data-testid="recording-ask"
            onClick={() => setAsking(true)}
          >
            <Icon name="record" size={20} /> {m.ask}
          </button>
          {failure && (
            <p class="field__error" role="alert" data-testid="recording-failure">
              <Icon name="alert" size={20} />
              {m.failures[failure] ?? m.failures.failed}
            </p>
          )}
        </>
      )}
      {state === "paused" && host && !open && (
        <button
          type="button"
          class="button button--primary button--wide"
          data-testid="recording-resume"
          onClick={() => void control.send({ type: "recording_start" })}
        >
          <Icon name="record" size={20} /> {m.resume}
        </button>
      )}
      {state !== "off" && (
        <button
          type="button"
          class="button button--danger-quiet button--wide"
          data-testid="recording-stop"
          onClick={() => void control.send({ type: "recording_stop" })}
        >
          <Icon name="stop" size={20} /> {state === "asking" ? m.dontRecord : m.stop}
        </button>
      )}
      {refused && <p class="person__note">{m.refused(refused)}</p>}
      {waiting && <p class="person__note">{m.waiting(waiting)}</p>}
      {asking && (
        <Confirm
          title={m.askHeading}
          text={m.askExplain}
          action={m.ask}
          testId="recording-confirm"
          onConfirm={() => void control.send({ type: "recording_ask" })}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
