import { t } from "../../i18n/index.ts";
import { canChooseSpeaker } from "../../platform/browser.ts";
import { captureAvailable } from "../../platform/capture.ts";
import { chooseDevice, chosenDevices, devices } from "../../platform/devices.ts";
import { DeviceSelect, SoundTest } from "../../ui/device-select.tsx";
import { Icon } from "../../ui/icon.tsx";
import { DataBudgetSelect } from "./data-budget-select.tsx";
import type { Preview } from "./preview.ts";

/** The device lists, folded away: most families never need them. */
export function PrejoinDevices({ preview }: { preview: Preview }) {
  if (!captureAvailable()) return null;
  const m = t();
  const lists = devices.value;
  const chosen = chosenDevices.value;
  return (
    <details class="prejoin__devices">
      <summary>
        <Icon name="settings" size={20} />
        {m.prejoin.deviceSettings}
        <Icon name="chevron" size={20} />
      </summary>
      <div class="prejoin__device-lists">
        <DeviceSelect
          label={m.devices.camera}
          devices={lists.cameras}
          selected={chosen.camera}
          onChoose={(id) => void preview.choose("camera", id)}
        />
        <DeviceSelect
          label={m.devices.microphone}
          devices={lists.microphones}
          selected={chosen.microphone}
          onChoose={(id) => void preview.choose("microphone", id)}
        />
        {canChooseSpeaker() && (
          <DeviceSelect
            label={m.devices.speaker}
            devices={lists.speakers}
            selected={chosen.speaker}
            onChoose={(id) => chooseDevice("speaker", id)}
          />
        )}
        <SoundTest speaker={chosen.speaker} />
        <DataBudgetSelect />
      </div>
    </details>
  );
}
