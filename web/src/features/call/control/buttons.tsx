import { c } from "../../../i18n/control/index.ts";
import { Control as ToolbarControl } from "../toolbar.tsx";
import { type Control, type Inside, leads } from "./model.ts";
import type { PanelState } from "./use-panel.ts";

/** What a call that somebody leads adds to the toolbar: hand, poll, chat, and the tools of who leads. */
export function ControlButtons(props: { control: Control; snapshot: Inside; panel: PanelState }) {
  const { control, snapshot, panel } = props;
  const m = c();
  const raised = snapshot.you.hand !== null;
  const host = leads(snapshot);
  return (
    <>
      {!host && (
        <ToolbarControl
          testId="hand"
          icon={raised ? "handDown" : "hand"}
          action={raised ? m.hand.lower : m.hand.raise}
          caption={m.hand.caption}
          look={raised ? "active" : undefined}
          onPress={() => control.send({ type: raised ? "lower_hand" : "raise_hand" })}
        />
      )}
      <ToolbarControl
        testId="chat-button"
        icon="chat"
        action={panel.unread > 0 ? `${m.chat.open}, ${m.chat.unread(panel.unread)}` : m.chat.open}
        caption={m.chat.open}
        expanded={panel.open === "chat"}
        mark={panel.unread}
        onPress={() => panel.toggle("chat")}
      />
      {host && (
        <ToolbarControl
          testId="tools-button"
          icon="lead"
          action={m.tools.open}
          caption={m.tools.title}
          expanded={panel.open === "tools"}
          onPress={() => panel.toggle("tools")}
        />
      )}
    </>
  );
}
