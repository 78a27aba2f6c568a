import { useState } from "preact/hooks";
import { c } from "../../../i18n/control/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Icon } from "../../../ui/icon.tsx";
import type { Control, Inside, Mode } from "../control/model.ts";
import { Panel } from "../control/panel.tsx";
import { Confirm } from "./confirm.tsx";
import { FilmTool } from "./film-tool.tsx";
import { GroupsTool } from "./groups-tool.tsx";
import { PollTool } from "./poll-tool.tsx";
import { RecordingTool } from "./recording-tool.tsx";
import { Toggle } from "./toggle.tsx";
import "./host.css";

const SLOW_S = 30;

function Panic({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().panic;
  const [asking, setAsking] = useState(false);
  if (snapshot.panic) {
    return (
      <button
        type="button"
        class="button button--primary button--wide"
        data-testid="calm-tool"
        onClick={() => void control.send({ type: "calm" })}
      >
        <Icon name="play" size={20} /> {m.undo}
      </button>
    );
  }
  return (
    <>
      <button
        type="button"
        class="button button--danger-quiet button--wide"
        data-testid="panic"
        aria-describedby="panic-hint"
        onClick={() => setAsking(true)}
      >
        <Icon name="pause" size={20} /> {m.button}
      </button>
      <p class="person__note" id="panic-hint">
        {m.explain}
      </p>
      {asking && (
        <Confirm
          title={m.heading}
          text={m.text}
          action={m.confirm}
          testId="confirm-panic"
          onConfirm={() => void control.send({ type: "panic" })}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function Sound({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().tools;
  const muteAll = async () => {
    if (await control.send({ type: "mute_all" })) announce(m.mutedAll);
  };
  return (
    <section class="host-section" aria-label={m.sound}>
      <h3>{m.sound}</h3>
      <button type="button" class="button button--wide" data-testid="mute-all" onClick={() => void muteAll()}>
        <Icon name="micOff" size={20} /> {m.muteAll}
      </button>
      <Toggle
        testId="self-unmute"
        label={m.selfUnmute}
        on={snapshot.self_unmute}
        onChange={(allowed) => control.send({ type: "set_self_unmute", allowed })}
      />
    </section>
  );
}

function Order({ control, snapshot }: { control: Control; snapshot: Inside }) {
  const m = c().tools;
  const { chat, locked, mode, reach } = snapshot;
  return (
    <section class="host-section" aria-label={m.order}>
      <h3>{m.order}</h3>
      <label class="field">
        <span class="field__label">{m.mode}</span>
        <select
          class="select"
          data-testid="mode"
          value={mode}
          onChange={(event) =>
            void control.send({ type: "set_mode", mode: event.currentTarget.value as Mode })
          }
        >
          {Object.entries(m.modes).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <Toggle
        testId="lock"
        label={m.lock}
        hint={m.lockHint}
        on={locked}
        onChange={(on) => control.send({ type: "set_lock", locked: on })}
      />
      <Toggle
        testId="chat-allowed"
        label={m.chat}
        on={chat.allowed}
        onChange={(allowed) => control.send({ type: "set_chat", allowed, interval_s: chat.interval_s })}
      />
      {chat.allowed && (
        <Toggle
          testId="chat-slow"
          label={m.slow}
          hint={m.slowHint}
          on={chat.interval_s > 0}
          onChange={(slow) =>
            control.send({ type: "set_chat", allowed: chat.allowed, interval_s: slow ? SLOW_S : 0 })
          }
        />
      )}
      <Toggle
        testId="hosts-only"
        label={m.hostsOnly}
        on={reach === "hosts"}
        onChange={(on) => control.send({ type: "set_reach", reach: on ? "hosts" : "everyone" })}
      />
    </section>
  );
}

function Finish({ control }: { control: Control }) {
  const m = c().tools;
  const [asking, setAsking] = useState(false);
  return (
    <section class="host-section" aria-label={m.finish}>
      <button
        type="button"
        class="button button--quiet button--wide"
        data-testid="end-call"
        onClick={() => setAsking(true)}
      >
        {m.end}
      </button>
      {asking && (
        <Confirm
          title={m.endHeading}
          text={m.endText}
          action={m.endConfirm}
          testId="confirm-end"
          onConfirm={() => void control.send({ type: "end" })}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}

export interface HostToolsProps {
  readonly control: Control;
  readonly snapshot: Inside;
  /** Shows the poll that is on. */
  readonly onPoll: () => void;
  readonly onClose: () => void;
}

/** Everything that concerns the call as a whole. */
export function HostTools({ control, snapshot, onPoll, onClose }: HostToolsProps) {
  const m = c().tools;
  return (
    <Panel title={m.title} testId="tools-panel" onClose={onClose}>
      <div class="panel__body">
        <section class="host-section" aria-label={c().panic.button}>
          <Panic control={control} snapshot={snapshot} />
        </section>
        <Sound control={control} snapshot={snapshot} />
        <FilmTool control={control} snapshot={snapshot} onShown={onClose} />
        <RecordingTool control={control} snapshot={snapshot} />
        <PollTool control={control} snapshot={snapshot} onPoll={onPoll} />
        <GroupsTool control={control} snapshot={snapshot} />
        <Order control={control} snapshot={snapshot} />
        {snapshot.you.power === "host" && <Finish control={control} />}
      </div>
    </Panel>
  );
}
