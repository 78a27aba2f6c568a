import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { c } from "../../i18n/control/index.ts";
import { t } from "../../i18n/index.ts";
import { canShareScreen } from "../../platform/browser.ts";
import { captureAvailable } from "../../platform/capture.ts";
import { announce } from "../../ui/announcer.tsx";
import { Icon, type IconName } from "../../ui/icon.tsx";
import type { HeldMedium } from "./control/model.ts";
import { mayOf } from "./control/state.ts";
import type { Call, ParticipantView } from "./model.ts";

export interface ControlProps {
  readonly testId: string;
  readonly icon: IconName;
  /** What pressing does, the name of the control. */
  readonly action: string;
  /** The short word beneath the icon on wide screens. */
  readonly caption: string;
  readonly look?: "off" | "locked" | "active" | "leave" | undefined;
  /** Of a control that opens something or switches something on. */
  readonly pressed?: boolean | undefined;
  readonly expanded?: boolean | undefined;
  /** How many new things wait behind it. */
  readonly mark?: number | undefined;
  readonly onPress: () => unknown;
}

/** A control that ignores presses while its last one is still being carried out. */
export function Control({
  testId,
  icon,
  action,
  caption,
  look,
  pressed,
  expanded,
  mark,
  onPress,
}: ControlProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await onPress();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={`control ${look ? `control--${look}` : ""}`}
      data-testid={testId}
      aria-label={action}
      aria-busy={busy}
      aria-pressed={pressed}
      aria-expanded={expanded}
      title={action}
      onClick={() => void press()}
    >
      <span class="control__icon">
        <Icon name={icon} size={24} />
        {!!mark && <span class="control__mark" data-mark={mark > 99 ? "99+" : mark} />}
      </span>
      <span class="control__caption" aria-hidden="true">
        {caption}
      </span>
    </button>
  );
}

export interface ToolbarProps {
  readonly call: Call;
  readonly local: ParticipantView | undefined;
  readonly onDevices: () => void;
  /** What a call that somebody leads adds, between the devices and the settings. */
  readonly children?: ComponentChildren;
}

export function Toolbar({ call, local, onDevices, children }: ToolbarProps) {
  const m = t().call;
  const microphone = local?.microphoneOn ?? false;
  const camera = !!local?.camera;
  const screen = !!local?.screen;
  const may = mayOf(call.control.snapshot.value);
  const press = async (medium: HeldMedium, on: boolean, allowed: boolean) => {
    const change = medium === "audio" ? call.setMicrophone : call.setCamera;
    if (on || allowed) await change.call(call, !on);
    else announce(c().held[medium]);
  };
  return (
    <div class="toolbar" role="toolbar" aria-label={m.controls}>
      {captureAvailable() && may.publish && (
        <>
          <Control
            testId="toggle-mic"
            icon={microphone ? "mic" : "micOff"}
            action={microphone ? m.mute : may.unmute ? m.unmute : c().held.micLocked}
            caption={m.microphone}
            look={microphone ? undefined : may.unmute ? "off" : "locked"}
            onPress={() => press("audio", microphone, may.unmute)}
          />
          <Control
            testId="toggle-camera"
            icon={camera ? "camera" : "cameraOff"}
            action={camera ? m.cameraOff : may.show ? m.cameraOn : c().held.cameraLocked}
            caption={m.camera}
            look={camera ? undefined : may.show ? "off" : "locked"}
            onPress={() => press("video", camera, may.show)}
          />
        </>
      )}
      {canShareScreen() && (may.share || screen) && (
        <Control
          testId="toggle-screen"
          icon={screen ? "screenOff" : "screen"}
          action={screen ? m.stopSharing : m.shareScreen}
          caption={m.screen}
          look={screen ? "active" : undefined}
          onPress={() => call.setScreen(!screen)}
        />
      )}
      {children}
      <Control
        testId="devices-button"
        icon="settings"
        action={m.settings}
        caption={m.settings}
        onPress={onDevices}
      />
      <Control
        testId="leave"
        icon="leave"
        action={m.leave}
        caption={m.leaveShort}
        look="leave"
        onPress={() => call.leave()}
      />
    </div>
  );
}
