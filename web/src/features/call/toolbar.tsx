import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { canShareScreen } from "../../platform/browser.ts";
import { captureAvailable } from "../../platform/capture.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import type { Call, ParticipantView } from "./model.ts";

interface ControlProps {
  readonly testId: string;
  readonly icon: IconName;
  /** What pressing does, the name of the control. */
  readonly action: string;
  /** The short word beneath the icon on wide screens. */
  readonly caption: string;
  readonly look?: "off" | "active" | "leave" | undefined;
  readonly onPress: () => void | Promise<void>;
}

/** A control that ignores presses while its last one is still being carried out. */
function Control({ testId, icon, action, caption, look, onPress }: ControlProps) {
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
      title={action}
      onClick={() => void press()}
    >
      <span class="control__icon">
        <Icon name={icon} size={24} />
      </span>
      <span class="control__caption" aria-hidden="true">
        {caption}
      </span>
    </button>
  );
}

export function Toolbar(props: { call: Call; local: ParticipantView | undefined; onDevices: () => void }) {
  const { call, local } = props;
  const m = t().call;
  const microphone = local?.microphoneOn ?? false;
  const camera = !!local?.camera;
  const screen = !!local?.screen;
  return (
    <div class="toolbar" role="toolbar" aria-label={m.controls}>
      {captureAvailable() && (
        <>
          <Control
            testId="toggle-mic"
            icon={microphone ? "mic" : "micOff"}
            action={microphone ? m.mute : m.unmute}
            caption={m.microphone}
            look={microphone ? undefined : "off"}
            onPress={() => call.setMicrophone(!microphone)}
          />
          <Control
            testId="toggle-camera"
            icon={camera ? "camera" : "cameraOff"}
            action={camera ? m.cameraOff : m.cameraOn}
            caption={m.camera}
            look={camera ? undefined : "off"}
            onPress={() => call.setCamera(!camera)}
          />
        </>
      )}
      {canShareScreen() && (
        <Control
          testId="toggle-screen"
          icon={screen ? "screenOff" : "screen"}
          action={screen ? m.stopSharing : m.shareScreen}
          caption={m.screen}
          look={screen ? "active" : undefined}
          onPress={() => call.setScreen(!screen)}
        />
      )}
      <Control
        testId="devices-button"
        icon="settings"
        action={m.settings}
        caption={m.settings}
        onPress={props.onDevices}
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
