import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/icon.tsx";
import { Badge, badgeWords } from "./control/badge.tsx";
import { Panel } from "./control/panel.tsx";
import type { ParticipantView } from "./model.ts";
import { QualityMark } from "./quality-mark.tsx";
import { avatarColour, initials } from "./tiles.ts";

function Row({ participant }: { participant: ParticipantView }) {
  const m = t();
  const words = [
    ...(participant.badge ? [badgeWords(participant.badge)] : []),
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
        {participant.name} <Badge badge={participant.badge} />
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

/** The list of who is here. */
export function PeoplePanel(props: { participants: readonly ParticipantView[]; onClose: () => void }) {
  const m = t();
  return (
    <Panel
      title={m.call.participants}
      note={props.participants.length}
      testId="participants-panel"
      onClose={props.onClose}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must scroll from the keyboard too. */}
      <ul class="people__list" tabIndex={0} aria-label={m.call.participants}>
        {props.participants.map((participant) => (
          <Row key={participant.identity} participant={participant} />
        ))}
      </ul>
    </Panel>
  );
}
