import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import type { ParticipantView } from "./model.ts";
import { QualityMark } from "./quality-mark.tsx";
import { avatarColour, initials } from "./tiles.ts";

function Row({ participant }: { participant: ParticipantView }) {
  const m = t();
  const words = [
    participant.microphoneOn ? m.call.micOn : m.call.micOff,
    participant.camera ? m.call.cameraIsOn : m.call.cameraIsOff,
    m.call.quality[participant.quality],
  ];
  return (
    <li class="people__row" data-identity={participant.identity}>
      <span class={`people__avatar avatar--${avatarColour(participant.identity)}`} aria-hidden="true">
        {initials(participant.name)}
      </span>
      <span class="people__name">
        {participant.name}
        {participant.isLocal && <span class="people__you"> ({m.common.you})</span>}
      </span>
      <span class="people__marks" aria-hidden="true">
        <QualityMark quality={participant.quality} />
        <Icon name={participant.camera ? "camera" : "cameraOff"} size={20} />
        <Icon name={participant.microphoneOn ? "mic" : "micOff"} size={20} />
      </span>
      <span class="visually-hidden">, {words.join(", ")}</span>
    </li>
  );
}

/** The list of who is here. It takes the focus when it opens and closes on Escape. */
export function PeoplePanel(props: { participants: readonly ParticipantView[]; onClose: () => void }) {
  const m = t();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus(), []);
  return (
    <aside
      ref={panel}
      class="people"
      tabIndex={-1}
      aria-label={m.call.participants}
      data-testid="participants-panel"
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onClose();
      }}
    >
      <div class="people__head">
        <h2>
          {m.call.participants} <span class="people__count">{props.participants.length}</span>
        </h2>
        <button type="button" class="icon-button" aria-label={m.common.close} onClick={props.onClose}>
          <Icon name="close" />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must scroll from the keyboard too. */}
      <ul class="people__list" tabIndex={0} aria-label={m.call.participants}>
        {props.participants.map((participant) => (
          <Row key={participant.identity} participant={participant} />
        ))}
      </ul>
    </aside>
  );
}
