import { t } from "../../../i18n/index.ts";
import type { Inside } from "../control/model.ts";
import { Panel } from "../control/panel.tsx";
import type { Call } from "../model.ts";
import { Blocked } from "./blocked.tsx";
import { Hands } from "./hands.tsx";
import { Here } from "./here.tsx";
import { Lobby } from "./lobby.tsx";
import "./host.css";

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
  return (
    <Panel
      title={t().call.participants}
      note={snapshot.people_total}
      testId="participants-panel"
      onClose={onClose}
    >
      <div class="panel__body">
        <Lobby control={control} snapshot={snapshot} />
        <Hands control={control} snapshot={snapshot} />
        <Here call={call} snapshot={snapshot} />
        <Blocked control={control} snapshot={snapshot} />
      </div>
    </Panel>
  );
}
