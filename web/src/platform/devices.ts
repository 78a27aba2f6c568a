import { signal } from "@preact/signals";
import { captureAvailable } from "./capture.ts";
import { readStored, writeStored } from "./storage.ts";

export interface DeviceLists {
  readonly cameras: readonly MediaDeviceInfo[];
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

export type DeviceRole = "camera" | "microphone" | "speaker";

export const devices = signal<DeviceLists>({ cameras: [], microphones: [], speakers: [] });

/** Device ids that were chosen here before; null leaves the choice to the system. */
export const chosenDevices = signal<Readonly<Record<DeviceRole, string | null>>>({
  camera: readStored("device.camera"),
  microphone: readStored("device.microphone"),
  speaker: readStored("device.speaker"),
});

export function chooseDevice(role: DeviceRole, id: string | null): void {
  chosenDevices.value = { ...chosenDevices.value, [role]: id };
  writeStored(`device.${role}`, id);
}

/** Reads the lists anew. Labels are empty until a capture was allowed. */
export async function refreshDevices(): Promise<void> {
  if (!captureAvailable()) return;
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind) =>
    all.filter((device) => device.kind === kind && device.deviceId !== "");
  devices.value = { cameras: of("videoinput"), microphones: of("audioinput"), speakers: of("audiooutput") };
}

/** Keeps the lists current while devices come and go; returns the way to stop. */
export function watchDevices(): () => void {
  if (!captureAvailable()) return () => {};
  const listener = () => void refreshDevices();
  navigator.mediaDevices.addEventListener("devicechange", listener);
  return () => navigator.mediaDevices.removeEventListener("devicechange", listener);
}
