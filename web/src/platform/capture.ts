/** Camera and microphone as the browser gives them: asking, and naming what went wrong. */

export type CaptureKind = "camera" | "microphone";

/** Why a device gives nothing; `insecure` means the page's address forbids capture altogether. */
export type CaptureProblem = "blocked" | "missing" | "busy" | "failed" | "insecure";

/** Maps the errors of getUserMedia (W3C Media Capture and Streams, 10.2) to what a person can do. */
export function classifyCaptureError(error: unknown): CaptureProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "blocked";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

export function captureAvailable(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === "function";
}

const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 25, max: 30 },
  facingMode: "user",
};

const AUDIO: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** Constraints for one device; an unplugged device falls back to another, as the id is only ideal. */
export function captureConstraints(kind: CaptureKind, deviceId: string | null): MediaTrackConstraints {
  const base = kind === "camera" ? VIDEO : AUDIO;
  if (!deviceId) return base;
  const { facingMode: _, ...rest } = base;
  return { ...rest, deviceId: { ideal: deviceId } };
}

/** Opens the wanted devices with a single question to the person. */
export function openCapture(wanted: {
  camera?: string | null;
  microphone?: string | null;
}): Promise<MediaStream> {
  const constraints: MediaStreamConstraints = {};
  if (wanted.camera !== undefined) constraints.video = captureConstraints("camera", wanted.camera);
  if (wanted.microphone !== undefined) {
    constraints.audio = captureConstraints("microphone", wanted.microphone);
  }
  return navigator.mediaDevices.getUserMedia(constraints);
}
