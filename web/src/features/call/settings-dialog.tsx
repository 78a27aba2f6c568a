import { useEffect } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { canChooseSpeaker } from "../../platform/browser.ts";
import { captureAvailable } from "../../platform/capture.ts";
import {
  chosenDevices,
  type DeviceRole,
  devices,
  refreshDevices,
  watchDevices,
} from "../../platform/devices.ts";
import { DeviceSelect, SoundTest } from "../../ui/device-select.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ContrastSwitch, LanguageSwitch, ThemeSwitch } from "../../ui/switches.tsx";
import type { Call } from "./model.ts";

/** Devices can be changed while the call goes on; language and look too. */
export function SettingsDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const m = t();
  const lists = devices.value;
  const chosen = chosenDevices.value;
  useEffect(() => {
    void refreshDevices();
    return watchDevices();
  }, []);
  const choose = (role: DeviceRole) => (id: string | null) => void call.switchDevice(role, id);
  return (
    <Dialog title={m.devices.title} onClose={onClose} testId="devices-dialog">
      {captureAvailable() && (
        <>
          <DeviceSelect
            label={m.devices.camera}
            devices={lists.cameras}
            selected={chosen.camera}
            onChoose={choose("camera")}
          />
          <DeviceSelect
            label={m.devices.microphone}
            devices={lists.microphones}
            selected={chosen.microphone}
            onChoose={choose("microphone")}
          />
          {canChooseSpeaker() && (
            <DeviceSelect
              label={m.devices.speaker}
              devices={lists.speakers}
              selected={chosen.speaker}
              onChoose={choose("speaker")}
            />
          )}
        </>
      )}
      <div class="settings__row">
        <SoundTest speaker={chosen.speaker} />
        <span class="settings__switches">
          <LanguageSwitch />
          <ThemeSwitch />
          <ContrastSwitch />
        </span>
      </div>
    </Dialog>
  );
}
