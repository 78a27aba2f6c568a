import { useId, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { playChime } from "./chime.ts";
import { Icon } from "./icon.tsx";

/** One list of devices. An empty list says so and cannot be opened. */
export function DeviceSelect(props: {
  label: string;
  devices: readonly MediaDeviceInfo[];
  selected: string | null;
  onChoose: (id: string | null) => void;
}) {
  const id = useId();
  const m = t().devices;
  const known = props.devices.some((device) => device.deviceId === props.selected);
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {props.label}
      </label>
      <span class="select-wrap">
        <select
          id={id}
          class="select"
          disabled={props.devices.length === 0}
          value={known ? (props.selected ?? "") : ""}
          onChange={(event) => props.onChoose(event.currentTarget.value || null)}
        >
          <option value="">{props.devices.length === 0 ? m.none : m.systemDefault}</option>
          {props.devices
            .filter((device) => device.deviceId !== "default" && device.deviceId !== "communications")
            .map((device, index) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label || m.numbered(props.label, index + 1)}
              </option>
            ))}
        </select>
        <Icon name="chevron" size={20} />
      </span>
    </div>
  );
}

export function SoundTest({ speaker }: { speaker: string | null }) {
  const [playing, setPlaying] = useState(false);
  const m = t().devices;
  const play = async () => {
    if (playing) return;
    setPlaying(true);
    try {
      await playChime(speaker);
    } finally {
      setPlaying(false);
    }
  };
  return (
    <button type="button" class="button button--quiet" aria-disabled={playing} onClick={() => void play()}>
      <Icon name="volume" size={20} />
      <span role="status">{playing ? m.testSoundPlaying : m.testSound}</span>
    </button>
  );
}
